exports = () => {
  const value = { toJSON() { throw new Error("json trap"); } };
  console.log(value);
  throw value;
};
