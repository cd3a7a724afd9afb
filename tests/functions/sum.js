exports = (...args) => args.reduce((total, n) => total + n, 0);
