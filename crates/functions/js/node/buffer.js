// The package `buffer`, with native code for the conversions that matter and the encoding that it lacks, `base64url`.
const native = require("doorward:native");
const bundled = require("doorward:buffer");
const { Buffer } = bundled;

const plain = { from: Buffer.from, byteLength: Buffer.byteLength, isEncoding: Buffer.isEncoding };
const toString = Buffer.prototype.toString;
const write = Buffer.prototype.write;

const isBase64 = (encoding) => /^base64(url)?$/i.test(encoding);
const adopt = (bytes) => Object.setPrototypeOf(bytes, Buffer.prototype);

Buffer.from = (value, encoding, length) =>
  typeof value === "string" && isBase64(encoding) ? adopt(native.fromBase64(value)) : plain.from(value, encoding, length);
Buffer.isEncoding = (encoding) => plain.isEncoding(encoding) || /^base64url$/i.test(encoding);
Buffer.byteLength = (value, encoding) =>
  typeof value === "string" && isBase64(encoding) ? Buffer.from(value, encoding).length : plain.byteLength(value, encoding);
Buffer.prototype.write = function (string, ...rest) {
  const encoding = rest.find((it) => typeof it === "string");
  if (!isBase64(encoding)) return write.call(this, string, ...rest);
  const [offset = 0, length = this.length - offset] = rest.filter((it) => typeof it === "number");
  return Buffer.from(string, encoding).copy(this, offset, 0, length);
};
Buffer.prototype.toString = function (encoding, start, end) {
  const kind = String(encoding === undefined ? "utf8" : encoding).toLowerCase();
  if (!/^(utf-?8|hex|base64|base64url)$/.test(kind)) return toString.call(this, encoding, start, end);
  const part = start === undefined && end === undefined ? this : this.slice(start, end);
  if (kind === "hex") return native.toHex(part);
  if (kind === "base64") return native.toBase64(part);
  if (kind === "base64url") return native.toBase64(part).replace(/=+$/, "").replace(/\+/g, "-").replace(/\//g, "_");
  return native.toUtf8(part);
};

const refuse = (message) => Object.assign(new Error(message), { name: "InvalidCharacterError" });
function atob(text) {
  const clean = String(text).replace(/[\t\n\f\r ]/g, "");
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(clean) || clean.replace(/=/g, "").length % 4 === 1) throw refuse("Invalid character");
  return Buffer.from(clean, "base64").toString("latin1");
}
function btoa(text) {
  if (/[^\0-\xff]/.test(String(text))) throw refuse("Invalid character");
  return Buffer.from(String(text), "latin1").toString("base64");
}

module.exports = { ...bundled, Buffer, atob, btoa, constants: { MAX_LENGTH: bundled.kMaxLength, MAX_STRING_LENGTH: 2 ** 29 - 24 } };
