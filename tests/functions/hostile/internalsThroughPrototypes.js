// What the engine's own code calls while it runs is replaced, to see what it is given.
exports = async () => {
  const seen = new Set();
  const note = (value) => { if (value && (typeof value === "object" || typeof value === "function")) for (const key of ["ask", "operation", "script", "begin", "runAs", "wanted"]) if (key in value) seen.add(key); };
  for (const [proto, names] of [[Map.prototype, ["get", "set", "has", "delete"]], [Array.prototype, ["push", "map", "join", "concat", "includes"]], [Function.prototype, ["call", "apply", "bind"]], [WeakSet.prototype, ["add", "has"]], [Promise.prototype, ["then"]]]) {
    for (const name of names) {
      const original = proto[name];
      proto[name] = function (...args) { note(this); args.forEach === undefined || Array.from(args, note); return Reflect.apply(original, this, args); };
    }
  }
  await context.http.get({ url: "http://127.0.0.1/" }).catch(() => {});
  await context.functions.execute("whoRuns");
  try { await context.functions.execute("nobody"); } catch (e) { /* as it should be */ }
  await new Promise((resolve) => setTimeout(resolve, 1));
  console.log("x");
  require("url");
  return [...seen];
};
