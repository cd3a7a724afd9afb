// Extended JSON of the values that enter and leave a call. The classes of BSON are in `types.js`, which is loaded when
// a call first uses one.
(function (native) {
  const { stringify, parse } = JSON;
  const MAX_DEPTH = 100;
  const { toBase64 } = native.text;
  const wellFormed = Function.prototype.call.bind(String.prototype.toWellFormed);
  let loaded;
  const types = () => {
    if (!loaded) {
      // An own property, because a script may have put a setter on `Object.prototype`.
      const module = { exports: undefined };
      native.builtin("doorward:types")(module);
      loaded = module.exports({ native, encodeNumber, encode: (value) => encode(value, 0, [], same), decode, wellFormed });
    }
    return loaded;
  };

  const encodeNumber = (n) => {
    if (Number.isInteger(n) && !Object.is(n, -0)) {
      if (n >= -2147483648 && n <= 2147483647) return { $numberInt: String(n) };
      if (Number.isSafeInteger(n)) return { $numberLong: String(n) };
    }
    // Below 1e21 an integer is written with neither a fraction nor an exponent; canonical Extended JSON has one of them.
    const isBare = Number.isInteger(n) && n > -1e21 && n < 1e21;
    return { $numberDouble: Object.is(n, -0) ? "-0.0" : isBare ? n + ".0" : String(n) };
  };

  // The errors of values that are nested too deeply. A script cannot add one of its own.
  const tooDeep = new WeakSet();
  const same = (text) => text;

  // A plain tree in canonical form. `hide` is applied to texts, not to the notation. Objects have no prototype, so that
  // `__proto__` is a key like any other.
  const encode = (v, depth, seen, hide) => {
    switch (typeof v) {
      case "undefined": return { $undefined: true };
      case "boolean": return v;
      // The server cannot read half of a surrogate pair.
      case "string": return hide(wellFormed(v));
      case "number": return encodeNumber(v);
      case "bigint": return { $numberLong: types().special.$numberLong(v).toString() };
      case "function": case "symbol": return { $undefined: true };
    }
    if (v === null) return null;
    // An invalid date is null, as in JSON, because clients cannot read a $date without a number.
    if (v instanceof Date) return v.getTime() !== v.getTime() ? null : { $date: { $numberLong: String(v.getTime()) } };
    if (v instanceof Uint8Array) return { $binary: { base64: toBase64(v), subType: "00" } };
    if (v instanceof RegExp) return { $regularExpression: { pattern: hide(v.source), options: v.flags } };
    const typed = loaded && loaded.encodeType(v, (part) => encode(part, depth + 1, seen, hide), hide);
    if (typed !== undefined) return typed;
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

  // Functions calculate with their arguments, so $numberInt and $numberDouble become numbers, which do not tell the two
  // apart: 2.0 goes back out as the int 2. Only `BSON.Double` and `BSON.Long` keep a type that the value does not show.
  const number = (v) => Number(v);
  const special = {
    $numberInt: number,
    $numberDouble: number,
    $numberLong: (v) => (Number.isSafeInteger(Number(v)) ? Number(v) : types().special.$numberLong(v)),
    $date: (v) => new Date(typeof v === "object" ? Number(v.$numberLong) : v),
    $undefined: () => undefined,
  };
  for (const name of ["$numberDecimal", "$oid", "$binary", "$uuid", "$minKey", "$maxKey", "$regularExpression", "$timestamp", "$symbol", "$code"]) {
    special[name] = (v, o) => types().special[name](v, o);
  }
  Object.setPrototypeOf(special, null);
  const companions = { $binary: "$type", $code: "$scope" };
  // With `typed`, numbers keep their type.
  const decode = (v, typed) => {
    if (typed && typeof v === "number") return typed.number(v);
    if (v === null || typeof v !== "object") return v;
    if (Array.isArray(v)) return v.map((it) => decode(it, typed));
    const keys = Object.keys(v);
    const make = keys.length && ((typed && typed.special[keys[0]]) || special[keys[0]]);
    if (make && (keys.length === 1 || (keys.length === 2 && companions[keys[0]] === keys[1]))) return make(v[keys[0]], v);
    const out = {};
    for (const key of keys) {
      if (key === "__proto__") Object.defineProperty(out, key, { value: decode(v[key], typed), enumerable: true, writable: true, configurable: true });
      else out[key] = decode(v[key], typed);
    }
    return out;
  };

  const serialize = (value) => encode(value, 0, [], same);
  // The result of a call, without its secrets. They are looked for in texts only, not in the notation around them.
  const redacted = (value) => stringify(encode(value, 0, [], native.secretive() ? native.redact : same));
  return {
    types, toBase64, serialize, encode: (value) => stringify(serialize(value)), redacted, decode: (text) => decode(parse(text)),
    isTooDeep: (error) => tooDeep.has(error),
  };
})
