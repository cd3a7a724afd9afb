exports = () => {
  const typed = "native bson call waiting run contextFor modules requireFrom".split(" ");
  const found = typed.filter((name) => eval("typeof " + name) !== "undefined" || (0, eval)("typeof " + name) !== "undefined");
  try {
    new Function("a", "}); globalThis.seen = typeof native; (function () {");
  } catch (e) {
    if (!(e instanceof SyntaxError)) found.push(String(e));
  }
  if (globalThis.seen !== undefined && globalThis.seen !== "undefined") found.push("native");
  eval("var exports = () => 'replaced'");
  eval("context = null; require = null");
  return found;
};
