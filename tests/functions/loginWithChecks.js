exports = ({ mail, id }) => {
  if (!/@10gen.com$/.test(mail)) {
    throw new Error(`Authentication failed for ${mail}`);
  }
  if (!(id < 666)) {
    throw new Error("Authentication failed: bad id");
  }
  return mail;
};
