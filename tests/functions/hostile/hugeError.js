exports = () => { throw new Error('x'.repeat(20 << 20)); };
