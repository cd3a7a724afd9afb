// BSON types and Extended JSON. The classes keep what they were made of, so that each mirrors unchanged through a function.
(function (native) {
  const { stringify, parse } = JSON;
  const MAX_DEPTH = 100;
  const HEX = /^[0-9a-fA-F]*$/;
  const { toUtf8, toHex, toBase64, fromBase64: lenient } = native.text;
  const BASE64 = /^[A-Za-z0-9+/_-]*=*$/;
  const fromHex = (text) => {
    if (text.length % 2 || !HEX.test(text)) throw new TypeError("not a hexadecimal string");
    return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
  };
  const fromBase64 = (text) => {
    if (!BASE64.test(String(text))) throw new TypeError("not a base64 string");
    return lenient(String(text));
  };

  class ObjectId {
    constructor(id) {
      if (id instanceof ObjectId) id = id.id;
      if (id === undefined) id = native.objectId();
      if (typeof id !== "string" || id.length !== 24 || !HEX.test(id)) throw new TypeError("an ObjectId is 24 hexadecimal digits");
      this.id = id.toLowerCase();
    }
    static isValid(id) { return id instanceof ObjectId || (typeof id === "string" && id.length === 24 && HEX.test(id)); }
    toString() { return this.id; }
    toHexString() { return this.id; }
    toJSON() { return this.id; }
    equals(other) { return String(other) === this.id; }
    getTimestamp() { return new Date(parseInt(this.id.slice(0, 8), 16) * 1000); }
  }
  class Binary {
    constructor(bytes, subtype) {
      this.buffer = typeof bytes === "string" ? fromBase64(native.toBase64(bytes)) : Uint8Array.from(bytes || []);
      this.sub_type = subtype || 0;
    }
    static fromHex(text, subtype) { return new Binary(fromHex(text), subtype); }
    static fromBase64(text, subtype) { return new Binary(fromBase64(text), subtype); }
    length() { return this.buffer.length; }
    toHex() { return toHex(this.buffer); }
    toBase64() { return toBase64(this.buffer); }
    text() { return toUtf8(this.buffer); }
    toString() { return this.text(); }
    toJSON() { return this.toBase64(); }
  }
  class Long {
    constructor(value) {
      const number = BigInt(value === undefined ? 0 : value);
      if (BigInt.asIntN(64, number) !== number) throw new RangeError("a Long has 64 bits");
      this.value = number;
    }
    static fromString(text) { return new Long(text); }
    static fromNumber(number) { return new Long(Math.trunc(number)); }
    toString() { return this.value.toString(); }
    toNumber() { return Number(this.value); }
    valueOf() { return Number(this.value); }
    toJSON() { return Number(this.value); }
    equals(other) { return other != null && String(other) === this.toString(); }
  }
  class Int32 {
    constructor(value) { this.value = Number(value) | 0; }
    valueOf() { return this.value; }
    toString() { return String(this.value); }
    toJSON() { return this.value; }
  }
  class Double {
    constructor(value) { this.value = Number(value); }
    valueOf() { return this.value; }
    toString() { return String(this.value); }
    toJSON() { return this.value; }
  }
  class Decimal128 {
    constructor(text) { this.text = String(text); }
    static fromString(text) { return new Decimal128(text); }
    toString() { return this.text; }
    toJSON() { return { $numberDecimal: this.text }; }
  }
  class MinKey { toJSON() { return { $minKey: 1 }; } }
  class MaxKey { toJSON() { return { $maxKey: 1 }; } }
  class BSONRegExp { constructor(pattern, options) { this.pattern = pattern; this.options = options || ""; } }
  class Timestamp { constructor(t, i) { this.t = t; this.i = i; } }
  class BSONSymbol { constructor(value) { this.value = value; } toString() { return this.value; } }
  class Code { constructor(code, scope) { this.code = code; this.scope = scope; } }

  const encodeNumber = (n) => {
    if (Number.isInteger(n) && !Object.is(n, -0)) {
      if (n >= -2147483648 && n <= 2147483647) return { $numberInt: String(n) };
      if (Number.isSafeInteger(n)) return { $numberLong: String(n) };
    }
    return { $numberDouble: Object.is(n, -0) ? "-0.0" : Number.isInteger(n) ? n.toString() + ".0" : String(n) };
  };

  // Errors for values that nobody made by accident; a script cannot make one that is in here.
  const tooDeep = new WeakSet();
  const wellFormed = Function.prototype.call.bind(String.prototype.toWellFormed);
  const same = (text) => text;

  // A plain tree in canonical form. `hide` is for texts, not for what the notation itself consists of. Objects without a prototype: a key `__proto__` is a key like any other.
  const encode = (v, depth, seen, hide) => {
    switch (typeof v) {
      case "undefined": return { $undefined: true };
      case "boolean": return v;
      // Half a character is not a text that the server could read.
      case "string": return hide(wellFormed(v));
      case "number": return encodeNumber(v);
      case "bigint": return { $numberLong: new Long(v).toString() };
      case "function": case "symbol": return { $undefined: true };
    }
    if (v === null) return null;
    if (v instanceof ObjectId) {
      const hidden = hide(v.id);
      return hidden === "[redacted]" ? hidden : { $oid: v.id };
    }
    // A date that is none is null, as in JSON: clients cannot read a $date without a number.
    if (v instanceof Date) return v.getTime() !== v.getTime() ? null : { $date: { $numberLong: String(v.getTime()) } };
    if (v instanceof Binary) return { $binary: { base64: v.toBase64(), subType: (v.sub_type < 16 ? "0" : "") + v.sub_type.toString(16) } };
    if (v instanceof Uint8Array) return { $binary: { base64: toBase64(v), subType: "00" } };
    if (v instanceof Long) return { $numberLong: v.toString() };
    if (v instanceof Int32) return { $numberInt: v.toString() };
    if (v instanceof Double) {
      const canonical = encodeNumber(v.value);
      return canonical.$numberDouble ? canonical : { $numberDouble: v.value + ".0" };
    }
    if (v instanceof Decimal128) return { $numberDecimal: hide(v.text) };
    if (v instanceof MinKey) return { $minKey: 1 };
    if (v instanceof MaxKey) return { $maxKey: 1 };
    if (v instanceof BSONRegExp) return { $regularExpression: { pattern: hide(String(v.pattern)), options: v.options } };
    if (v instanceof RegExp) return { $regularExpression: { pattern: hide(v.source), options: v.flags } };
    if (v instanceof Timestamp) return { $timestamp: { t: v.t, i: v.i } };
    if (v instanceof BSONSymbol) return { $symbol: hide(String(v.value)) };
    if (v instanceof Code) return v.scope === undefined ? { $code: hide(String(v.code)) } : { $code: hide(String(v.code)), $scope: encode(v.scope, depth + 1, seen, hide) };
    if (seen.includes(v)) throw new TypeError("cannot convert a cyclic structure to Extended JSON");
    if (depth >= MAX_DEPTH) {
      const error = new RangeError("a value is nested too deeply for Extended JSON: " + MAX_DEPTH + " levels are allowed");
      tooDeep.add(error);
      throw error;
    }
    seen.push(v);
    let out;
    if (Array.isArray(v)) {
      out = [];
      for (let i = 0; i < v.length; i++) out.push(encode(v[i], depth + 1, seen, hide));
    } else if (v instanceof Error) {
      out = { name: hide(String(v.name)), message: hide(String(v.message)) };
    } else {
      out = Object.create(null);
      for (const key of Object.keys(v)) out[hide(wellFormed(key))] = encode(v[key], depth + 1, seen, hide);
    }
    seen.pop();
    return out;
  };

  const special = {
    $numberInt: (v) => Number(v),
    $numberDouble: (v) => Number(v),
    $numberLong: (v) => (Number.isSafeInteger(Number(v)) ? Number(v) : new Long(String(v))),
    $numberDecimal: (v) => new Decimal128(v),
    $oid: (v) => new ObjectId(v),
    $date: (v) => new Date(typeof v === "object" ? Number(v.$numberLong) : v),
    $binary: (v, o) => typeof v === "string" ? Binary.fromBase64(v, parseInt(o.$type || "0", 16)) : Binary.fromBase64(v.base64, parseInt(v.subType, 16)),
    $uuid: (v) => Binary.fromHex(v.replace(/-/g, ""), 4),
    $undefined: () => undefined,
    $minKey: () => new MinKey(),
    $maxKey: () => new MaxKey(),
    $regularExpression: (v) => new BSONRegExp(v.pattern, v.options),
    $timestamp: (v) => new Timestamp(v.t, v.i),
    $symbol: (v) => new BSONSymbol(v),
    $code: (v, o) => new Code(v, o.$scope === undefined ? undefined : decode(o.$scope)),
  };
  Object.setPrototypeOf(special, null);
  const companions = { $binary: "$type", $code: "$scope" };
  const decode = (v) => {
    if (v === null || typeof v !== "object") return v;
    if (Array.isArray(v)) return v.map(decode);
    const keys = Object.keys(v);
    const make = keys.length && special[keys[0]];
    if (make && (keys.length === 1 || (keys.length === 2 && companions[keys[0]] === keys[1]))) return make(v[keys[0]], v);
    const out = {};
    for (const key of keys) {
      if (key === "__proto__") Object.defineProperty(out, key, { value: decode(v[key]), enumerable: true, writable: true, configurable: true });
      else out[key] = decode(v[key]);
    }
    return out;
  };

  const EJSON = {
    parse: (text) => decode(parse(text)),
    stringify: (value) => stringify(encode(value, 0, [], same)),
    serialize: (value) => encode(value, 0, [], same),
    deserialize: (value) => decode(value),
  };
  const BSON = { ObjectId, ObjectID: ObjectId, Binary, Long, Int32, Double, Decimal128, MinKey, MaxKey, BSONRegExp, Timestamp, BSONSymbol, Code };
  // What leaves a call: without its secrets, which must not be looked for in the notation around them.
  const redacted = (value) => stringify(encode(value, 0, [], native.secretive() ? native.redact : same));
  return { BSON, EJSON, toBase64, encode: EJSON.stringify, redacted, decode: EJSON.parse, isTooDeep: (error) => tooDeep.has(error) };
})
