class Own extends Promise {
  static get [Symbol.species]() { for (;;); }
}
exports = () => Own.resolve(1);
