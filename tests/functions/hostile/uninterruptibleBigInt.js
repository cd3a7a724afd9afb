exports = () => { let n = 3n ** 100000n; for (;;) n = n * n % (2n ** 400000n); };
