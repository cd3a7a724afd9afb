const add = (a, b) => a + b;

exports = add
