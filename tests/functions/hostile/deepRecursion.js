exports = () => { const down = (n) => 1 + down(n + 1); return down(0); };
