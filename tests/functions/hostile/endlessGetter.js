exports = () => ({ get status() { for (;;); } });
