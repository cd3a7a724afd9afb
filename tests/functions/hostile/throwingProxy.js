exports = () => {
  const all = { get: () => () => { throw new Error("trap"); } };
  const traps = new Proxy({}, { get(_, key) { return () => { throw new Error("trap " + String(key)); }; } });
  throw new Proxy(new Error("x"), traps);
};
