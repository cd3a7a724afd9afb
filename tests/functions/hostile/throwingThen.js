exports = () => ({ get then() { throw new TypeError('then trap'); } });
