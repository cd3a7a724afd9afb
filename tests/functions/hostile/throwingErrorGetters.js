exports = () => {
  const error = new Error("x");
  for (const key of ["name", "message", "stack", "toString"]) Object.defineProperty(error, key, { get() { throw error; } });
  console.log(error);
  throw error;
};
