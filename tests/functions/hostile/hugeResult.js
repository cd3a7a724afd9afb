exports = () => 'x'.repeat(5 << 20);
