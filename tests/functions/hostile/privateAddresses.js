exports = async () => {
  const hosts = ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "169.254.169.254", "0xA9FEA9FE", "0251.0376.0251.0376",
    "[::1]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]", "10.0.0.1", "192.168.0.1", "１２７.0.0.1"];
  const reached = [];
  for (const host of hosts) {
    for (const request of [{ url: `http://${host}/latest/meta-data/` }, { scheme: "https", host, path: "x" }, { url: `http://x.example@${host}:8080/` }]) {
      try { await context.http.get(request); reached.push(host); } catch (e) { if (!/is not allowed/.test(e.message)) reached.push(host + ": " + e.message); }
    }
  }
  const axios = require("axios"), fetch = require("node-fetch");
  await axios.get("http://127.0.0.1/").then(() => reached.push("axios"), () => {});
  await fetch("http://[::ffff:127.0.0.1]/").then(() => reached.push("fetch"), () => {});
  await new Promise((resolve) => require("http").get("http://2130706433/", () => reached.push("http")).on("error", resolve));
  for (const url of ["file:///etc/passwd", "ftp://x.example/", "gopher://127.0.0.1/", "data:,x", "//127.0.0.1/", "http:\\\\127.0.0.1\\"]) {
    await context.http.get({ url }).then(() => reached.push(url), () => {});
  }
  return reached;
};
