exports = async (name) => {
  if (!name) return "not needed";
  const sdk = require(name);
  return typeof sdk;
};
