// The global `utils` of App Services, as its documentation of "JSON and BSON", "JWT" and "Crypto" has it.
const native = require("doorward:native");
const { Buffer } = require("buffer");
const { createCipheriv, createDecipheriv } = require("crypto");

function bytes(value) {
  if (typeof value === "string" || ArrayBuffer.isView(value)) return Buffer.from(value);
  if (value && typeof value.toBase64 === "function") return Buffer.from(value.toBase64(), "base64");
  throw new TypeError("expected a string or BSON.Binary");
}
function binary(data) {
  const it = Buffer.from(data);
  if (globalThis.BSON && globalThis.BSON.Binary) return globalThis.BSON.Binary.fromHex(it.toString("hex"));
  return Object.assign(it, { text: () => it.toString(), toHex: () => it.toString("hex"), toBase64: () => it.toString("base64") });
}
function cipherName(type, key) {
  if (type !== "aes") throw new Error(`unsupported encryption type: ${type}`);
  if (![16, 24, 32].includes(key.length)) throw new Error("the key must have 16, 24 or 32 characters");
  return `aes-${key.length * 8}-gcm`;
}
function rsa(type, scheme) {
  if (type !== "rsa") throw new Error(`unsupported signature type: ${type}`);
  if (scheme === "pss") return "pss";
  if (scheme === "pkcs1v15") return "pkcs1";
  throw new Error(`unsupported signature scheme: ${scheme}`);
}

const crypto = {
  hash(name, input) {
    if (!["sha1", "sha256", "md5"].includes(name)) throw new Error(`unsupported hash function: ${name}`);
    return binary(native.hash(name, bytes(input)));
  },
  hmac(input, secret, name, format) {
    if (!["sha1", "sha256", "sha512"].includes(name)) throw new Error(`unsupported hash function: ${name}`);
    if (!["hex", "base64"].includes(format)) throw new Error(`unsupported output format: ${format}`);
    return Buffer.from(native.hmac(name, bytes(secret), bytes(input))).toString(format);
  },
  // A nonce of 12 bytes, the ciphertext and a tag of 16 bytes; the key is its characters.
  encrypt(type, message, key) {
    const nonce = native.randomBytes(12);
    const cipher = createCipheriv(cipherName(type, bytes(key)), bytes(key), nonce);
    return binary(Buffer.concat([nonce, cipher.update(bytes(message)), cipher.final(), cipher.getAuthTag()]));
  },
  decrypt(type, message, key) {
    const data = bytes(message);
    if (data.length < 28) throw new Error("the message is too short");
    const decipher = createDecipheriv(cipherName(type, bytes(key)), bytes(key), data.slice(0, 12));
    decipher.setAuthTag(data.slice(-16));
    return binary(Buffer.concat([decipher.update(data.slice(12, -16)), decipher.final()]));
  },
  sign: (type, message, key, scheme = "pss") => binary(native.sign(rsa(type, scheme), "sha256", String(key), bytes(message))),
  verify: (type, message, key, signature, scheme = "pss") =>
    native.verify(rsa(type, scheme), "sha256", String(key), bytes(message), bytes(signature)),
};

const SCHEMES = { HS: "", RS: "pkcs1", PS: "pss", ES: "ecdsa-fixed" };
function method(algorithm) {
  const found = /^(HS|RS|PS|ES)(256|384|512)$/.exec(algorithm);
  if (!found) throw new Error(`unsupported signing method: ${algorithm}`);
  return [SCHEMES[found[1]], `sha${found[2]}`];
}
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const unpart = (text) => JSON.parse(Buffer.from(text, "base64url").toString());

const jwt = {
  encode(algorithm, payload, secret, headers = {}) {
    const [scheme, hash] = method(algorithm);
    const signed = `${part({ ...headers, alg: algorithm, typ: "JWT" })}.${part(payload)}`;
    const signature = scheme ? native.sign(scheme, hash, String(secret), Buffer.from(signed)) : native.hmac(hash, bytes(secret), Buffer.from(signed));
    return `${signed}.${Buffer.from(signature).toString("base64url")}`;
  },
  decode(token, key, returnHeader = false, accepted) {
    const pieces = String(token).split(".");
    if (pieces.length !== 3) throw new Error("token contains an invalid number of segments");
    const header = unpart(pieces[0]);
    const [scheme, hash] = method(header.alg);
    if (accepted && accepted.length && !accepted.includes(header.alg)) throw new Error(`signing method ${header.alg} is invalid`);
    const signed = Buffer.from(`${pieces[0]}.${pieces[1]}`);
    const signature = Buffer.from(pieces[2], "base64url");
    // A public key must not be an HMAC secret: everyone who has it could sign anything.
    if (!scheme && /-----BEGIN /.test(String(key))) throw new Error("key is of invalid type");
    const valid = scheme
      ? native.verify(scheme, hash, String(key), signed, signature)
      : native.timingSafeEqual(native.hmac(hash, bytes(key), signed), signature);
    if (!valid) throw new Error("signature is invalid");
    const payload = unpart(pieces[1]);
    const now = Date.now() / 1000;
    if (typeof payload.exp === "number" && now >= payload.exp) throw new Error("token is expired");
    if (typeof payload.nbf === "number" && now < payload.nbf) throw new Error("token is not valid yet");
    return returnHeader ? { header, payload } : payload;
  },
};

module.exports = { crypto, jwt };
