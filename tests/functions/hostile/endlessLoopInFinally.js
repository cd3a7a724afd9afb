exports = () => {
  for (;;) {
    try { for (;;); } catch (e) { continue; } finally { for (;;); }
  }
};
