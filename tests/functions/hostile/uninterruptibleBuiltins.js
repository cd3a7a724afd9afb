// Each of these is one call of a built-in, and the engine asks about the time only between them, if at all.
exports = () => {
  const text = "a".repeat(1 << 20);
  for (;;) {
    text.split("").reverse().join("");
    text.indexOf("b".repeat(1 << 10));
    new Array(1 << 20).fill(0).indexOf(1);
    JSON.stringify(text);
  }
};
