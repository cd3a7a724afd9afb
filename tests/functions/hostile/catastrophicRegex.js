exports = () => /^(a+)+$/.test("a".repeat(64) + "!");
