// The frames of an error hand out the functions that were called, those of the engine among them.
exports = async () => {
  let inner;
  Error.prepareStackTrace = TypeError.prepareStackTrace = Error.prototype.prepareStackTrace = (error, frames) => {
    for (const frame of Array.isArray(frames) ? frames : []) {
      try {
        const f = frame.getFunction();
        if (f && f.name === "run") inner = f;
      } catch (e) { /* not given away */ }
    }
    return "";
  };
  new Error("x").stack;
  new TypeError("x").stack;
  const captured = {};
  Error.captureStackTrace(captured);
  captured.stack;
  return inner ? inner("whoRuns", [], true, 1) : "nothing was given away";
};
