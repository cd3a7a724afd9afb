// Objects that claim to be what the engine knows.
exports = (what) => {
  const made = Object.create(BSON.Binary.prototype);
  Object.defineProperty(made, "buffer", { get() { for (;;); } });
  return made;
};
