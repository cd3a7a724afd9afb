exports = () => {
  const before = Object.keys(process.env || {});
  const kept = [];
  for (const name of ["exit", "abort", "kill", "reallyExit", "binding", "dlopen", "chdir", "setuid", "_linkedBinding", "_debugProcess"]) {
    try { if (typeof process[name] === "function") { process[name](1); kept.push(name); } } catch (e) { /* refused */ }
  }
  return { env: before, kept, main: typeof process.mainModule };
};
