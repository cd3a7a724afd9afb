exports = () => new Uint8Array(2 ** 31 - 1).length;
