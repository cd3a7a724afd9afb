exports = () => [...(function* () { for (;;) yield 1; })()];
