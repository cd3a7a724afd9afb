Object.defineProperty(globalThis, 'exports', { get() { for (;;); } });
exports = 1;
