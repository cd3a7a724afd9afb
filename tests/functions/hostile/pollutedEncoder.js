exports = () => {
  const { keys } = Object;
  Object.keys = (o) => keys(o).concat("extra");
  Object.defineProperty(Object.prototype, "$oid", { value: "64b8f0c2a1d3e4f5a6b7c8d9", configurable: true });
  Array.isArray = () => false;
  Symbol.hasInstance;
  return "plain";
};
