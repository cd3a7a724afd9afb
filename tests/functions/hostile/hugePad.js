exports = () => 'x'.padEnd(2 ** 29).length + 'y'.repeat(2 ** 29).length;
