exports = async () => {
  const found = [];
  for (const name of ["__proto__", "constructor", "hasOwnProperty", "toString", "", "../honest", "honest.js"]) {
    try { found.push(await context.functions.execute(name)); } catch (e) { found.push(e.message.replace(`'${name}'`, "'NAME'")); }
  }
  const values = ["__proto__", "constructor", "toString"].map((name) => typeof context.values.get(name));
  const services = ["__proto__", "constructor", "toString"].map((name) => typeof context.services.get(name));
  return [...new Set(found), ...new Set(values), ...new Set(services)];
};
