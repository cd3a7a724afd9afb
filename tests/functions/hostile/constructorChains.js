exports = async () => {
  const outer = Function("return this")();
  const viaContext = await context.http.get.constructor("return this")();
  const viaConsole = console.log.constructor.constructor("return typeof require + typeof native + typeof call + typeof waiting")();
  const Async = (async () => {}).constructor, Gen = (function* () {}).constructor;
  const viaAsync = await new Async("return typeof native")();
  const viaGen = [...new Gen("yield typeof native")()][0];
  const indirect = (0, eval)("typeof native + typeof bson");
  const callers = [];
  try { callers.push(typeof exports.caller); } catch (e) { callers.push("throws"); }
  try { callers.push(typeof arguments.callee.caller); } catch (e) { callers.push("throws"); }
  return [outer === globalThis, viaContext === globalThis, viaConsole, viaAsync, viaGen, indirect];
};
