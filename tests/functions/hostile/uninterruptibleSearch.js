exports = () => {
  const hay = "a".repeat(4 << 20), needle = "a".repeat(2 << 20) + "b";
  return hay.indexOf(needle) + hay.lastIndexOf(needle);
};
