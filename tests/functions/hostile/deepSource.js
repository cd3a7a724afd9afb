exports = () => (0, eval)('('.repeat(1e6));
