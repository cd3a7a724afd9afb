const native = require("doorward:native");
const { Buffer } = require("buffer");

const HASHES = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"];
const out = (data, encoding) => {
  const it = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return encoding && encoding !== "buffer" ? it.toString(encoding) : it;
};
function bytes(data, encoding) {
  if (typeof data === "string") return Buffer.from(data, encoding === "buffer" ? "utf8" : encoding);
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return Buffer.from(data);
  throw Object.assign(new TypeError("The data argument must be of type string or an instance of Buffer, TypedArray, or DataView"), { code: "ERR_INVALID_ARG_TYPE" });
}
function hashName(name) {
  const plain = String(name).toLowerCase().replace(/^rsa-/, "").replace(/^ecdsa-with-/, "").replace(/^sha-/, "sha");
  if (!HASHES.includes(plain)) throw new Error("Digest method not supported");
  return plain;
}

// Collects the pieces, because one native call at the end is faster than one for each.
class Collector {
  constructor() {
    this._pieces = [];
  }
  update(data, encoding) {
    if (!this._pieces) throw Object.assign(new Error("Digest already called"), { code: "ERR_CRYPTO_HASH_FINALIZED" });
    this._pieces.push(Buffer.from(bytes(data, encoding)));
    return this;
  }
  write(data, encoding) {
    this.update(data, encoding);
    return true;
  }
  end(data, encoding) {
    if (data !== undefined) this.update(data, encoding);
    return this;
  }
  _all(keep) {
    if (!this._pieces) throw Object.assign(new Error("Digest already called"), { code: "ERR_CRYPTO_HASH_FINALIZED" });
    const all = Buffer.concat(this._pieces);
    if (!keep) this._pieces = null;
    return all;
  }
}

class Hash extends Collector {
  constructor(name) {
    super();
    this._name = hashName(name);
  }
  copy() {
    return new Hash(this._name).update(this._all(true));
  }
  digest(encoding) {
    return out(native.hash(this._name, this._all()), encoding);
  }
}

class Hmac extends Collector {
  constructor(name, key) {
    super();
    this._name = hashName(name);
    this._key = Buffer.from(bytes(key));
  }
  digest(encoding) {
    return out(native.hmac(this._name, this._key, this._all()), encoding);
  }
}

function randomBytes(size, done) {
  if (!done) {
    const parts = [];
    for (let left = size; left > 0 || !parts.length; left -= 1 << 20) parts.push(native.randomBytes(Math.min(left, 1 << 20)));
    return parts.length === 1 ? out(parts[0]) : Buffer.concat(parts);
  }
  later(() => randomBytes(size), done);
}

function later(work, done) {
  if (typeof done !== "function") throw new TypeError("Callback must be a function");
  Promise.resolve().then(work).then((value) => done(null, value), done);
}

function randomInt(min, max, done) {
  if (max === undefined || typeof max === "function") [min, max, done] = [0, min, max];
  const range = max - min;
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || range <= 0 || range > 2 ** 48 - 1) {
    throw Object.assign(new RangeError("The range of min and max is not possible"), { code: "ERR_OUT_OF_RANGE" });
  }
  if (done) return later(() => randomInt(min, max), done);
  // Numbers from the incomplete last range are dropped, because they would make some results more likely.
  const limit = 2 ** 48 - (2 ** 48 % range);
  for (;;) {
    const it = out(native.randomBytes(6)).readUIntBE(0, 6);
    if (it < limit) return min + (it % range);
  }
}

function randomUUID() {
  const it = out(native.randomBytes(16));
  it[6] = (it[6] & 15) | 64;
  it[8] = (it[8] & 63) | 128;
  return it.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function pbkdf2Sync(password, salt, rounds, length, name = "sha1") {
  return out(native.pbkdf2(hashName(name), bytes(password), bytes(salt), rounds, length));
}

function scryptSync(password, salt, length, options = {}) {
  const n = options.N || options.cost || 16384;
  const r = options.r || options.blockSize || 8;
  const p = options.p || options.parallelization || 1;
  return out(native.scrypt(bytes(password), bytes(salt), [n, r, p], length));
}

function timingSafeEqual(a, b) {
  const [x, y] = [a, b].map((it) => {
    if (!ArrayBuffer.isView(it)) throw Object.assign(new TypeError("The arguments must be Buffers, TypedArrays or DataViews"), { code: "ERR_INVALID_ARG_TYPE" });
    return bytes(it);
  });
  if (x.length !== y.length) {
    throw Object.assign(new RangeError("Input buffers must have the same byte length"), { code: "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH" });
  }
  return native.timingSafeEqual(x, y);
}

const CIPHERS = [128, 192, 256].flatMap((size) => ["cbc", "ctr", "ecb", "gcm"].map((mode) => `aes-${size}-${mode}`));
const invalid = (message, code, kind = Error) => Object.assign(new kind(message), { code });

function step(counter, blocks) {
  const next = Buffer.from(counter);
  for (let at = 15, carry = blocks; at >= 0 && carry; at--) {
    carry += next[at];
    next[at] = carry & 255;
    carry = Math.floor(carry / 256);
  }
  return next;
}

class Cipher {
  constructor(encrypt, name, key, iv) {
    const lower = String(name).toLowerCase();
    if (!CIPHERS.includes(lower)) throw invalid("Unknown cipher", "ERR_CRYPTO_UNKNOWN_CIPHER");
    this._encrypt = encrypt;
    this._mode = lower.slice(-3);
    this._key = Buffer.from(bytes(key));
    this._iv = iv === null || iv === undefined ? Buffer.alloc(0) : Buffer.from(bytes(iv));
    if (this._key.length * 8 !== Number(lower.slice(4, 7))) throw invalid("Invalid key length", "ERR_CRYPTO_INVALID_KEYLEN", RangeError);
    const length = { cbc: 16, ctr: 16, ecb: 0 }[this._mode];
    if (length !== undefined ? this._iv.length !== length : !this._iv.length) throw invalid("Invalid initialization vector", "ERR_CRYPTO_INVALID_IV", TypeError);
    this._padding = true;
    this._rest = Buffer.alloc(0);
    if (this._mode === "gcm") {
      this._start = out(native.gcmStart(this._key, this._iv));
      this._counter = this._inc32(this._start, 1);
      this._sealed = [];
      this._aad = [];
    } else {
      this._counter = this._iv;
    }
  }
  // The counter of GCM has 32 bits and wraps around.
  _inc32(counter, blocks) {
    const next = Buffer.from(counter);
    next.writeUInt32BE((next.readUInt32BE(12) + blocks) % 2 ** 32, 12);
    return next;
  }
  setAutoPadding(on = true) {
    this._padding = on;
    return this;
  }
  setAAD(data) {
    this._aad.push(Buffer.from(bytes(data)));
    return this;
  }
  getAuthTag() {
    if (!this._done || !this._encrypt) throw new Error("Invalid state for operation getAuthTag");
    return this._tag;
  }
  setAuthTag(tag) {
    const it = Buffer.from(bytes(tag));
    if (![4, 8, 12, 13, 14, 15, 16].includes(it.length)) throw invalid(`Invalid authentication tag length: ${it.length}`, "ERR_CRYPTO_INVALID_AUTH_TAG");
    this._tag = it;
    return this;
  }
  _stream(data) {
    // `_offset` bytes of the current counter block are used up.
    const offset = this._offset || 0;
    const padded = Buffer.concat([Buffer.alloc(offset), data]);
    const whole = Math.floor(padded.length / 16);
    let result;
    if (this._mode === "gcm" && this._counter.readUInt32BE(12) + whole >= 2 ** 32) {
      // The native counter has 128 bits, so the part after the wrap is computed apart.
      const first = (2 ** 32 - this._counter.readUInt32BE(12)) * 16;
      const after = this._inc32(this._counter, first / 16);
      result = Buffer.concat([native.aesCtr(this._key, this._counter, padded.slice(0, first)), native.aesCtr(this._key, after, padded.slice(first))]);
    } else {
      result = out(native.aesCtr(this._key, this._counter, padded));
    }
    this._counter = this._mode === "gcm" ? this._inc32(this._counter, whole) : step(this._counter, whole);
    this._offset = padded.length % 16;
    return result.slice(offset);
  }
  _blocks(data) {
    if (!data.length) return data;
    const result = out(native.aesBlocks(this._encrypt, this._key, this._iv, data));
    if (this._mode === "cbc") this._iv = Buffer.from((this._encrypt ? result : data).slice(-16));
    return result;
  }
  update(data, from, to) {
    if (this._done) throw new Error("Unsupported state or unable to authenticate data");
    const input = Buffer.from(bytes(data, from));
    if (this._mode === "ctr" || this._mode === "gcm") {
      const result = this._stream(input);
      if (this._sealed) this._sealed.push(this._encrypt ? result : input);
      return out(result, to);
    }
    const all = Buffer.concat([this._rest, input]);
    // A decipher keeps the last block back, because it may be padding.
    const ready = !this._encrypt && this._padding ? Math.max(0, Math.ceil(all.length / 16) - 1) * 16 : Math.floor(all.length / 16) * 16;
    this._rest = all.slice(ready);
    return out(this._blocks(all.slice(0, ready)), to);
  }
  final(to) {
    if (this._done) throw new Error("Unsupported state");
    this._done = true;
    if (this._mode === "gcm") {
      const tag = out(native.gcmTag(this._key, this._start, Buffer.concat(this._aad), Buffer.concat(this._sealed)));
      if (this._encrypt) this._tag = tag;
      else if (!this._tag || !native.timingSafeEqual(tag.slice(0, this._tag.length), this._tag)) throw new Error("Unsupported state or unable to authenticate data");
    }
    if (this._mode === "gcm" || this._mode === "ctr") return out(Buffer.alloc(0), to);
    if (this._encrypt && this._padding) {
      const fill = 16 - this._rest.length;
      return out(this._blocks(Buffer.concat([this._rest, Buffer.alloc(fill, fill)])), to);
    }
    if (this._encrypt || !this._padding) {
      if (this._rest.length) throw invalid("wrong final block length", "ERR_OSSL_EVP_WRONG_FINAL_BLOCK_LENGTH");
      return out(this._rest, to);
    }
    if (this._rest.length !== 16) throw invalid("wrong final block length", "ERR_OSSL_EVP_WRONG_FINAL_BLOCK_LENGTH");
    const last = this._blocks(this._rest);
    const fill = last[15];
    if (fill < 1 || fill > 16 || last.slice(16 - fill).some((it) => it !== fill)) throw invalid("bad decrypt", "ERR_OSSL_EVP_BAD_DECRYPT");
    return out(last.slice(0, 16 - fill), to);
  }
}

const constants = { RSA_PKCS1_PADDING: 1, RSA_PKCS1_PSS_PADDING: 6, RSA_PSS_SALTLEN_DIGEST: -1, RSA_PSS_SALTLEN_MAX_SIGN: -2, RSA_PSS_SALTLEN_AUTO: -2 };

function keyAndSchemes(given) {
  const options = typeof given === "string" || ArrayBuffer.isView(given) ? { key: given } : given || {};
  const rsa = options.padding === constants.RSA_PKCS1_PSS_PADDING ? "pss" : "pkcs1";
  const pem = bytes(options.key).toString();
  return [`${rsa} ${options.dsaEncoding === "ieee-p1363" ? "ecdsa-fixed" : "ecdsa-der"}`, pem];
}

class Sign extends Hash {
  sign(key, encoding) {
    const [schemes, pem] = keyAndSchemes(key);
    return out(native.sign(schemes, this._name, pem, this._all()), encoding);
  }
}

class Verify extends Hash {
  verify(key, signature, encoding) {
    const [schemes, pem] = keyAndSchemes(key);
    return native.verify(schemes, this._name, pem, this._all(), bytes(signature, encoding));
  }
}

module.exports = {
  Hash,
  Hmac,
  Sign,
  Verify,
  constants,
  createHash: (name) => new Hash(name),
  createHmac: (name, key) => new Hmac(name, key),
  createSign: (name) => new Sign(name),
  createVerify: (name) => new Verify(name),
  createCipheriv: (name, key, iv) => new Cipher(true, name, key, iv),
  createDecipheriv: (name, key, iv) => new Cipher(false, name, key, iv),
  getCiphers: () => [...CIPHERS],
  getHashes: () => HASHES.flatMap((name) => [`RSA-${name.toUpperCase()}`, name]),
  pbkdf2: (password, salt, rounds, length, name, done) => later(() => pbkdf2Sync(password, salt, rounds, length, name), done),
  pbkdf2Sync,
  pseudoRandomBytes: randomBytes,
  randomBytes,
  randomInt,
  randomUUID,
  scrypt: (password, salt, length, options, done) =>
    typeof options === "function" ? later(() => scryptSync(password, salt, length), options) : later(() => scryptSync(password, salt, length, options), done),
  scryptSync,
  timingSafeEqual,
};
