exports = async () => {
  const found = [];
  for (const name of ["fs", "std", "os", "doorward:native", "/etc/passwd", "data:text/javascript,export default 1", "./x.js"]) {
    await import(name).then(() => found.push(name), () => {});
    await (0, eval)(`import(${JSON.stringify(name)})`).then(() => found.push(name), () => {});
  }
  return found;
};
