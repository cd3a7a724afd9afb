// The frames of an error hand out the functions that were called, those of the engine among them.
exports = async () => {
  let inner;
  Error.prepareStackTrace = (error, frames) => {
    for (const frame of frames || []) {
      try {
        const f = frame.getFunction();
        if (f && f.name === "run") inner = f;
      } catch (e) { /* not given away */ }
    }
    return "";
  };
  new Error("x").stack;
  return inner ? inner("whoRuns", [], true, 1) : "nothing was given away";
};
