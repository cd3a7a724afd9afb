// The timers of the engine, read at each call because they may be defined after this module is loaded.
const names = ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate", "clearImmediate"];
for (const name of names) exports[name] = (...args) => globalThis[name](...args);
