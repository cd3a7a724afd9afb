exports = () => {
  const kept = [];
  for (;;) {
    try { for (;;) kept.push(new Array(1000).fill({})); } catch (e) { /* more */ }
  }
};
