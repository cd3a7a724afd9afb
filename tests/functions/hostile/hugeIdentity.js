exports = () => ({ id: 'x'.repeat(20 << 20), name: 'y' });
