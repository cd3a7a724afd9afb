exports = function () {
  const util = require("util");
  const assert = require("assert");
  const qs = require("querystring");
  const url = require("url");
  const path = require("path");
  const { Buffer } = require("buffer");
  const EventEmitter = require("events");

  const seen = [];
  const bus = new EventEmitter();
  bus.on("step", (n) => seen.push(n));
  bus.emit("step", 1);
  bus.emit("step", 2);

  assert.deepEqual(qs.parse("a=1&b=2&a=3"), { a: ["1", "3"], b: "2" });
  assert.ok(seen.length === 2);
  let complaint;
  try { assert.equal(1, 2); } catch (e) { complaint = e.name + "/" + e.code; }

  const parsed = url.parse("https://user:pw@app.example:8443/a/b?x=1&y=2#top", true);
  const md5 = require("crypto").createHash("md5").update("hello").digest("hex");
  return {
    format: util.format("%s is %d years and %j", "Ada", 36, { a: 1 }),
    inspect: util.inspect({ a: [1, { b: 2 }] }),
    complaint,
    query: qs.stringify({ to: "a b", tag: ["x", "y"] }),
    host: parsed.host,
    y: parsed.query.y,
    built: url.format({ protocol: "https", host: "app.example", pathname: "/c", query: { token: "t" } }),
    resolved: url.resolve("https://app.example/a/b", "../c"),
    ext: path.extname(path.join("mails", "..", "welcome.html")),
    base64: Buffer.from("äöü", "utf8").toString("base64"),
    hex: Buffer.from("aGk=", "base64").toString("hex"),
    joined: Buffer.concat([Buffer.from([104]), Buffer.from("i")]).toString(),
    md5,
    seen,
  };
};
