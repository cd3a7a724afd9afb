exports = (...args) => args.length;
