// BSON types and Extended JSON for scripts, loaded when a call first uses one. Each class keeps what it was made of, so
// that a value passes through a function unchanged.
const { stringify, parse } = JSON;

module.exports = ({ native, encodeNumber, encode, decode, wellFormed }) => {
  const { toUtf8, toHex, toBase64, fromBase64: lenient } = native.text;
  const HEX = /^[0-9a-fA-F]*$/;
  const BASE64 = /^[A-Za-z0-9+/_-]*=*$/;
  const fromHex = (text) => {
    if (text.length % 2 || !HEX.test(text)) throw new TypeError("not a hexadecimal string");
    return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
  };
  const fromBase64 = (text) => {
    if (!BASE64.test(String(text))) throw new TypeError("not a base64 string");
    return lenient(String(text));
  };

  // The first four bytes of an id are the time when it was made.
  const idOf = (seconds, rest) => (Math.trunc(seconds) >>> 0).toString(16).padStart(8, "0") + rest;
  const isBytes = (v, length) => v instanceof Uint8Array && v.length === length;
  class ObjectId {
    constructor(id) {
      if (id instanceof ObjectId) id = id.id;
      if (id === undefined || id === null || typeof id === "number") id = idOf(id == null ? Date.now() / 1000 : id, native.objectId().slice(8));
      else if (isBytes(id, 12)) id = toHex(id);
      if (typeof id !== "string" || id.length !== 24 || !HEX.test(id)) throw new TypeError("an ObjectId is 24 hexadecimal digits");
      this.id = id.toLowerCase();
    }
    static isValid(id) { return id instanceof ObjectId || typeof id === "number" || isBytes(id, 12) || (typeof id === "string" && id.length === 24 && HEX.test(id)); }
    static createFromHexString(id) {
      if (typeof id !== "string") throw new TypeError("an ObjectId is 24 hexadecimal digits");
      return new ObjectId(id);
    }
    static createFromTime(seconds) { return new ObjectId(idOf(seconds, "0000000000000000")); }
    static generate(seconds) { return fromHex(new ObjectId(seconds).id); }
    toString() { return this.id; }
    toHexString() { return this.id; }
    toJSON() { return this.id; }
    equals(other) { return String(other).toLowerCase() === this.id; }
    getTimestamp() { return new Date(parseInt(this.id.slice(0, 8), 16) * 1000); }
  }
  class Binary {
    constructor(bytes, subtype) {
      this.buffer = typeof bytes === "string" ? fromBase64(native.toBase64(wellFormed(bytes))) : Uint8Array.from(bytes || []);
      this.sub_type = subtype || 0;
    }
    static fromHex(text, subtype) { return new Binary(fromHex(text), subtype); }
    static fromBase64(text, subtype) { return new Binary(fromBase64(text), subtype); }
    length() { return this.buffer.length; }
    toHex() { return toHex(this.buffer); }
    toBase64() { return toBase64(this.buffer); }
    text() { return toUtf8(this.buffer); }
    toUUID() { return new UUID(this.buffer); }
    toString() { return this.text(); }
    toJSON() { return this.toBase64(); }
  }
  class UUID extends Binary {
    constructor(id) {
      if (id instanceof Binary) id = id.buffer;
      if (id === undefined || id === null) id = UUID.generate();
      if (!isBytes(id, 16)) {
        if (!UUID.isValid(id)) throw new TypeError("a UUID is 32 hexadecimal digits, with or without hyphens");
        id = fromHex(id.replaceAll("-", ""));
      }
      super(id, 4);
    }
    static generate() {
      const bytes = fromHex((native.objectId() + native.objectId()).slice(0, 32));
      bytes[6] = (bytes[6] & 0x0f) | 0x40;
      bytes[8] = (bytes[8] & 0x3f) | 0x80;
      return bytes;
    }
    static isValid(id) {
      if (id instanceof Binary) return id.buffer.length === 16;
      return isBytes(id, 16) || (typeof id === "string" && /^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.test(id));
    }
    static createFromHexString(text) { return new UUID(String(text)); }
    toHexString(hyphens = true) { return hyphens ? this.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-") : this.toHex(); }
    toString() { return this.toHexString(); }
    toJSON() { return this.toHexString(); }
    equals(other) { return UUID.isValid(other) && new UUID(other).toHex() === this.toHex(); }
    toBinary() { return new Binary(this.buffer, 4); }
  }
  class Long {
    // Two numbers are the lower and the upper half; one number is the whole.
    constructor(value, high) {
      const number = typeof high === "number" ? halves(value, high) : BigInt(value === undefined ? 0 : value);
      if (BigInt.asIntN(64, number) !== number) throw new RangeError("a Long has 64 bits");
      this.value = number;
    }
    static fromString(text, radix) {
      const found = /^(-?)([0-9a-z]+)$/i.exec(text), base = radix || 10;
      let number = 0n;
      for (const digit of found ? found[2] : "?") {
        const value = parseInt(digit, base);
        if (value !== value) throw new SyntaxError("not a whole number: " + text);
        number = number * BigInt(base) + BigInt(value);
        if (number > 0x8000000000000000n) throw new RangeError("a Long has 64 bits");
      }
      return new Long(found[1] ? -number : number);
    }
    static fromNumber(number) { return new Long(Math.trunc(number)); }
    static fromInt(number) { return new Long(number | 0); }
    static fromBits(low, high) { return new Long(low, high); }
    static fromBigInt(number) { return new Long(number); }
    toString() { return this.value.toString(); }
    toNumber() { return Number(this.value); }
    toInt() { return Number(BigInt.asIntN(32, this.value)); }
    toBigInt() { return this.value; }
    valueOf() { return Number(this.value); }
    toJSON() { return Number(this.value); }
    equals(other) { return other != null && String(other) === this.toString(); }
  }
  const halves = (low, high) => BigInt.asIntN(64, (BigInt(high | 0) << 32n) | BigInt(low >>> 0));
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
  class Timestamp {
    // `{ t, i }`, or the lower half and the upper one, as for a Long.
    constructor(low, high) {
      if (low instanceof Long) [low, high] = [Number(BigInt.asUintN(32, low.value)), Number(BigInt.asUintN(32, low.value >> 32n))];
      const { t, i } = low !== null && typeof low === "object" ? low : { t: high, i: low };
      this.t = t >>> 0;
      this.i = i >>> 0;
    }
  }
  class BSONSymbol { constructor(value) { this.value = value; } toString() { return this.value; } }
  class Code { constructor(code, scope) { this.code = code; this.scope = scope; } }

  // The types work with `new` and without it, as in the mongo shell.
  const callable = (Type) => {
    const make = function (...args) { return Reflect.construct(Type, args, new.target || Type); };
    Object.setPrototypeOf(make, Type);
    Object.defineProperty(make, "name", { value: Type.name, configurable: true });
    Object.defineProperty(make, "prototype", { value: Type.prototype, writable: false });
    Object.defineProperty(Type.prototype, "constructor", { value: make, writable: true, configurable: true });
    return make;
  };

  // The value in canonical form, or undefined if it is no BSON type.
  const encodeType = (v, nested, hide) => {
    if (v instanceof ObjectId) {
      const hidden = hide(v.id);
      return hidden === "[redacted]" ? hidden : { $oid: v.id };
    }
    if (v instanceof Binary) return { $binary: { base64: v.toBase64(), subType: (v.sub_type < 16 ? "0" : "") + v.sub_type.toString(16) } };
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
    if (v instanceof Timestamp) return { $timestamp: { t: v.t, i: v.i } };
    if (v instanceof BSONSymbol) return { $symbol: hide(String(v.value)) };
    if (v instanceof Code) return v.scope === undefined ? { $code: hide(String(v.code)) } : { $code: hide(String(v.code)), $scope: nested(v.scope) };
    return undefined;
  };
  const special = {
    __proto__: null,
    $numberLong: (v) => new Long(String(v)),
    $numberDecimal: (v) => new Decimal128(v),
    $oid: (v) => ObjectId.createFromHexString(v),
    $binary: (v, o) => typeof v === "string" ? Binary.fromBase64(v, parseInt(o.$type || "0", 16)) : Binary.fromBase64(v.base64, parseInt(v.subType, 16)),
    $uuid: (v) => Binary.fromHex(v.replace(/-/g, ""), 4),
    $minKey: () => new MinKey(),
    $maxKey: () => new MaxKey(),
    $regularExpression: (v) => new BSONRegExp(v.pattern, v.options),
    $timestamp: (v) => new Timestamp(v),
    $symbol: (v) => new BSONSymbol(v),
    $code: (v, o) => new Code(v, o.$scope === undefined ? undefined : decode(o.$scope)),
  };

  const typedSpecial = {
    __proto__: null, $numberInt: (v) => new Int32(v), $numberDouble: (v) => new Double(v), $numberLong: (v) => new Long(String(v)),
  };
  const typedNumber = (n) => {
    const [notation] = Object.keys(encodeNumber(n));
    return typedSpecial[notation](n);
  };
  // The relaxed form, made from the canonical one.
  const relax = (v) => {
    if (v === null || typeof v !== "object") return v;
    if (Array.isArray(v)) return v.map(relax);
    const [key, more] = Object.keys(v), it = v[key];
    if (more === undefined && typeof it === "string" && /^\$number(Int|Long|Double)$/.test(key)) {
      const number = Number(it);
      return (key === "$numberDouble" ? Number.isFinite(number) : Number.isSafeInteger(number)) ? number : v;
    }
    if (more === undefined && key === "$date") {
      const time = Number(it.$numberLong);
      return time >= 0 && time < 253402300800000 ? { $date: new Date(time).toISOString().replace(".000Z", "Z") } : v;
    }
    const out = Object.create(null);
    for (const name of Object.keys(v)) out[name] = relax(v[name]);
    return out;
  };

  const isTyped = (options) => options !== null && typeof options === "object" && options.relaxed === false;
  const read = (value, options) => decode(value, isTyped(options) ? { number: typedNumber, special: typedSpecial } : undefined);
  const serialize = (value, options) => {
    const canonical = encode(value);
    return options && options.relaxed ? relax(canonical) : canonical;
  };
  const isOptions = (v) => v !== null && typeof v === "object" && !Array.isArray(v);
  const EJSON = {
    parse: (text, options) => read(parse(text), options),
    // As in the package bson, the options may take the place of any argument before them.
    stringify: (value, replacer, space, options) => {
      if (isOptions(replacer)) [replacer, space, options] = [undefined, undefined, replacer];
      else if (isOptions(space)) [space, options] = [undefined, space];
      return stringify(serialize(value, options), replacer, space);
    },
    serialize,
    deserialize: read,
  };
  const BSON = {};
  for (const Type of [ObjectId, Binary, UUID, Long, Int32, Double, Decimal128, MinKey, MaxKey, BSONRegExp, Timestamp, BSONSymbol, Code]) {
    BSON[Type.name] = callable(Type);
  }
  BSON.ObjectID = BSON.ObjectId;
  return { BSON, EJSON, encodeType, special };
};
