exports = (arg) => arg;
