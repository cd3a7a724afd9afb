exports = () => {
  const found = [];
  for (const name of ["doorward:native", "node:doorward:native", "doorward:http", "doorward:prelude", "doorward:bson", "builtin:doorward:native", "./native", "/etc/passwd", "../../etc/passwd", "std", "os:", "qjs:os", "qjs:std", "vm", "child_process", "worker_threads", "v8", "module"]) {
    try { require(name); found.push(name); } catch (e) { if (!/^Cannot find module/.test(e.message)) found.push(name + ": " + e.message); }
  }
  for (const name of ["native", "std", "os", "scriptArgs", "print", "loadScript", "__native", "Deno", "Worker", "WebAssembly", "ask", "bridge"]) {
    try { if (typeof (0, eval)(name) !== "undefined") found.push(name); } catch (e) { /* not there */ }
  }
  return found;
};
