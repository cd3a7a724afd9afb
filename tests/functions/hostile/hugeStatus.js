exports = () => ({ status: 'x'.repeat(20 << 20) });
