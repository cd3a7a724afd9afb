}; globalThis.outside = 1; return function () { return "broken out" };
exports = () => "inside";
