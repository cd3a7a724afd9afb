// The engine's own, read at each call because it may define them after this module is loaded.
const names = ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate", "clearImmediate"];
for (const name of names) exports[name] = (...args) => globalThis[name](...args);
