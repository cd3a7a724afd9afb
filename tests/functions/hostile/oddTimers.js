exports = async () => {
  const found = [];
  for (const delay of [NaN, -1, -Infinity, "5", "abc", null, undefined, {}, [], true, -0, 1e-300]) {
    await new Promise((resolve) => setTimeout(resolve, delay));
  }
  for (const delay of [Infinity, 1e308, 2 ** 53]) clearTimeout(setTimeout(() => found.push("early"), delay));
  for (const action of [undefined, null, "found.push('text')", {}, 5]) {
    try { setTimeout(action, 0); found.push(String(action)); } catch (e) { /* refused */ }
  }
  for (const id of [undefined, null, NaN, -1, {}, "x", 1e99]) clearTimeout(id);
  try { setTimeout(() => {}, Symbol("x")); found.push("symbol"); } catch (e) { /* refused */ }
  return found;
};
