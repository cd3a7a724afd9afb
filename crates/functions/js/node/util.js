// Our own, because the package `util` depends on thirty others to find out the type of a value.
const { Buffer } = require("buffer");

const tag = (value) => Object.prototype.toString.call(value).slice(8, -1);
const isObject = (value) => typeof value === "object" && value !== null;
const identifier = /^[A-Za-z_$][\w$]*$/;

function quote(text) {
  const mark = !text.includes("'") ? "'" : !text.includes('"') ? '"' : !text.includes("`") ? "`" : "'";
  const escaped = JSON.stringify(text).slice(1, -1).replace(/\\"/g, '"');
  return mark + (mark === "'" ? escaped.replace(/'/g, "\\'") : escaped) + mark;
}

function primitive(value) {
  if (typeof value === "string") return quote(value);
  if (typeof value === "bigint") return `${value}n`;
  return Object.is(value, -0) ? "-0" : String(value);
}

function constructorName(value) {
  for (let it = value; it; it = Object.getPrototypeOf(it)) {
    const made = Object.getOwnPropertyDescriptor(it, "constructor");
    if (made && typeof made.value === "function" && made.value.name) return made.value.name;
  }
  return null;
}

function property(value, key, state, depth) {
  const found = Object.getOwnPropertyDescriptor(value, key);
  const name = typeof key === "symbol" ? `[${String(key)}]` : identifier.test(key) ? key : quote(key);
  if (!found) return name;
  if (found.get) return `${name}: ${found.set ? "[Getter/Setter]" : "[Getter]"}`;
  return `${name}: ${found.set ? "[Setter]" : show(found.value, state, depth + 1)}`;
}

function join(parts, open, close, prefix, state, depth) {
  if (!parts.length) return `${prefix}${open}${close}`;
  const total = parts.reduce((sum, part) => sum + part.length, parts.length) + depth * 2;
  const flat = parts.length <= 6 || open !== "[" ? total + prefix.length + open.length <= state.breakLength - 4 : total < 60;
  if (flat && !parts.some((part) => part.includes("\n"))) return `${prefix}${open} ${parts.join(", ")} ${close}`;
  const indent = "  ".repeat(depth + 1);
  return `${prefix}${open}\n${indent}${parts.join(`,\n${indent}`)}\n${"  ".repeat(depth)}${close}`;
}

function show(value, state, depth) {
  if (typeof value === "function") {
    const kind = /^class\b/.test(Function.prototype.toString.call(value)) ? "class" : tag(value);
    const parent = (Object.getPrototypeOf(value) || {}).name;
    const head = kind === "class" ? `[class ${value.name || "(anonymous)"}${parent ? ` extends ${parent}` : ""}]` : `[${kind}${value.name ? `: ${value.name}` : " (anonymous)"}]`;
    const keys = Object.keys(value);
    return keys.length && depth <= state.depth ? join(keys.map((key) => property(value, key, state, depth)), "{", "}", `${head} `, state, depth) : head;
  }
  if (!isObject(value)) return primitive(value);
  const custom = value[inspect.custom];
  if (state.customInspect && typeof custom === "function" && custom !== inspect) {
    const shown = custom.call(value, state.depth - depth, { ...state }, inspect);
    return typeof shown === "string" ? shown : show(shown, state, depth);
  }
  if (state.seen.includes(value)) return "[Circular *1]";
  const name = constructorName(value);
  const kind = tag(value);
  let keys = Object.keys(value).concat(Object.getOwnPropertySymbols(value).filter((it) => Object.prototype.propertyIsEnumerable.call(value, it)));
  let prefix = name === null ? "[Object: null prototype] " : name === "Object" ? "" : `${name} `;
  if (types.isError(value)) {
    const stack = value.stack ? `\n${String(value.stack).trimEnd()}` : "";
    const head = state.stacks ? `${Error.prototype.toString.call(value)}${stack}` : `[${Error.prototype.toString.call(value)}]`;
    keys = keys.filter((key) => !["stack", "message"].includes(key));
    return keys.length ? join(keys.map((key) => property(value, key, state, depth)), "{", "}", `${head} `, state, depth) : head;
  }
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (types.isRegExp(value)) return RegExp.prototype.toString.call(value);
  if (Buffer.isBuffer(value)) {
    const hex = (value.slice(0, 50).toString("hex").match(/../g) || []).join(" ");
    return `<Buffer${hex && ` ${hex}`}${value.length > 50 ? ` ... ${value.length - 50} more bytes` : ""}>`;
  }
  if (types.isBoxedPrimitive(value)) return `[${kind}: ${primitive(value.valueOf())}]`;
  if (depth > state.depth) return Array.isArray(value) ? "[Array]" : `[${prefix.trim() || "Object"}]`;

  state.seen.push(value);
  let shown;
  const rest = () => keys.map((key) => property(value, key, state, depth));
  if (Array.isArray(value) || ArrayBuffer.isView(value) && kind !== "DataView") {
    const items = [];
    for (let at = 0; at < Math.min(value.length, state.maxArrayLength); at++) {
      items.push(at in value ? show(value[at], state, depth + 1) : "<1 empty item>");
    }
    if (value.length > items.length) items.push(`... ${value.length - items.length} more item${value.length - items.length > 1 ? "s" : ""}`);
    keys = keys.filter((key) => typeof key === "symbol" || !/^\d+$/.test(key));
    prefix = name === "Array" ? "" : `${name}(${value.length}) `;
    shown = join(items.concat(rest()), "[", "]", prefix, state, depth);
  } else if (kind === "Map") {
    const items = [...value].map(([k, v]) => `${show(k, state, depth + 1)} => ${show(v, state, depth + 1)}`);
    shown = join(items.concat(rest()), "{", "}", `Map(${value.size}) `, state, depth);
  } else if (kind === "Set") {
    shown = join([...value].map((it) => show(it, state, depth + 1)).concat(rest()), "{", "}", `Set(${value.size}) `, state, depth);
  } else if (kind === "Promise" || kind === "WeakMap" || kind === "WeakSet") {
    shown = `${kind} { <${kind === "Promise" ? "pending" : "items unknown"}> }`;
  } else {
    shown = join(rest(), "{", "}", prefix, state, depth);
  }
  state.seen.pop();
  return shown;
}

function inspect(value, options = {}, depth) {
  const given = isObject(options) ? options : { depth };
  const state = { customInspect: true, maxArrayLength: 100, breakLength: 80, stacks: true, ...given, seen: [] };
  if (state.depth === undefined) state.depth = 2;
  if (state.depth === null) state.depth = Infinity;
  if (state.maxArrayLength === null) state.maxArrayLength = Infinity;
  return show(value, state, 0);
}
inspect.custom = Symbol.for("nodejs.util.inspect.custom");
inspect.defaultOptions = {};

function number(value, convert) {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "symbol") return "NaN";
  const it = convert(value);
  return Object.is(it, -0) ? "-0" : String(it);
}

function format(first, ...rest) {
  const args = [first, ...rest];
  let text = "";
  let used = 0;
  if (typeof first === "string") {
    used = 1;
    text = first.replace(/%[sdifjoOc%]/g, (mark) => {
      if (mark === "%%") return args.length > 1 ? "%" : mark;
      if (used >= args.length) return mark;
      const value = args[used++];
      switch (mark) {
        case "%s":
          if (typeof value === "bigint") return `${value}n`;
          if (Object.is(value, -0)) return "-0";
          if (!isObject(value) || types.isError(value) || types.isDate(value)) return String(value);
          return inspect(value, { depth: 0 });
        case "%d":
          return isObject(value) ? number(value, Number) : number(value, Number);
        case "%i":
          return number(value, (it) => parseInt(it, 10));
        case "%f":
          return number(value, parseFloat);
        case "%j":
          try {
            return JSON.stringify(value);
          } catch (error) {
            if (/circular/i.test(error.message)) return "[Circular]";
            throw error;
          }
        case "%c":
          return "";
        default:
          return inspect(value, mark === "%o" ? { depth: 4 } : {});
      }
    });
  }
  for (const value of args.slice(used)) {
    const shown = typeof value === "string" ? value : inspect(value);
    text += (text || used ? " " : "") + shown;
    used = 1;
  }
  return args.length === 1 && first === undefined && arguments.length === 0 ? "" : text;
}

function promisify(original) {
  if (typeof original !== "function") throw new TypeError('The "original" argument must be of type function');
  if (original[promisify.custom]) return original[promisify.custom];
  const promised = function (...args) {
    return new Promise((resolve, reject) => {
      original.call(this, ...args, (error, value) => (error ? reject(error) : resolve(value)));
    });
  };
  return Object.setPrototypeOf(promised, Object.getPrototypeOf(original));
}
promisify.custom = Symbol.for("nodejs.util.promisify.custom");

function callbackify(original) {
  return function (...args) {
    const done = args.pop();
    original.apply(this, args).then((value) => done(null, value), (reason) => done(reason || new Error("Promise was rejected with a falsy value")));
  };
}

const types = {
  isAnyArrayBuffer: (it) => /^(Shared)?ArrayBuffer$/.test(tag(it)),
  isArrayBuffer: (it) => it instanceof ArrayBuffer,
  isArrayBufferView: ArrayBuffer.isView,
  isAsyncFunction: (it) => typeof it === "function" && /^Async/.test(tag(it)),
  isBoxedPrimitive: (it) => isObject(it) && /^(Number|String|Boolean|Symbol|BigInt)$/.test(tag(it)) && !isObject(it.valueOf()),
  isDate: (it) => it instanceof Date,
  isError: (it) => it instanceof Error,
  isGeneratorFunction: (it) => typeof it === "function" && /GeneratorFunction$/.test(tag(it)),
  isMap: (it) => it instanceof Map,
  isNativeError: (it) => it instanceof Error,
  isPromise: (it) => it instanceof Promise,
  isRegExp: (it) => it instanceof RegExp,
  isSet: (it) => it instanceof Set,
  isTypedArray: (it) => ArrayBuffer.isView(it) && !(it instanceof DataView),
  isUint8Array: (it) => it instanceof Uint8Array,
  isWeakMap: (it) => it instanceof WeakMap,
  isWeakSet: (it) => it instanceof WeakSet,
};

function equal(a, b, strict, seen) {
  if (strict ? Object.is(a, b) : a == b || (a !== a && b !== b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (strict && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (tag(a) !== tag(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  if (types.isDate(a) && a.getTime() !== b.getTime()) return false;
  if (types.isRegExp(a) && String(a) !== String(b)) return false;
  if (types.isError(a) && (a.message !== b.message || a.name !== b.name)) return false;
  if (types.isBoxedPrimitive(a) && !Object.is(a.valueOf(), b.valueOf())) return false;
  if (seen.some(([x, y]) => x === a && y === b)) return true;
  const path = [...seen, [a, b]];
  if (types.isSet(a)) {
    if (a.size !== b.size) return false;
    return [...a].every((x) => b.has(x) || [...b].some((y) => isObject(y) && equal(x, y, strict, path)));
  }
  if (types.isMap(a)) {
    return a.size === b.size && [...a].every(([k, v]) => b.has(k) && equal(v, b.get(k), strict, path));
  }
  if (types.isArrayBuffer(a)) return equal(new Uint8Array(a), new Uint8Array(b), strict, path);
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length || a.length !== b.length && Array.isArray(a)) return false;
  return keys.every((key) => Object.prototype.hasOwnProperty.call(b, key) && equal(a[key], b[key], strict, path));
}

function inherits(child, parent) {
  Object.defineProperty(child, "super_", { value: parent, writable: true, configurable: true });
  Object.setPrototypeOf(child.prototype, parent.prototype);
}

const { TextDecoder, TextEncoder } = require("doorward:encoding");

module.exports = {
  TextDecoder,
  TextEncoder,
  callbackify,
  debuglog: () => () => {},
  deprecate: (original) => original,
  format,
  inherits,
  inspect,
  isArray: Array.isArray,
  isBoolean: (it) => typeof it === "boolean",
  isBuffer: Buffer.isBuffer,
  isDate: types.isDate,
  isDeepStrictEqual: (a, b) => equal(a, b, true, []),
  isError: types.isError,
  isFunction: (it) => typeof it === "function",
  isNull: (it) => it === null,
  isNullOrUndefined: (it) => it === null || it === undefined,
  isNumber: (it) => typeof it === "number",
  isObject,
  isPrimitive: (it) => !isObject(it) && typeof it !== "function",
  isRegExp: types.isRegExp,
  isString: (it) => typeof it === "string",
  isSymbol: (it) => typeof it === "symbol",
  isUndefined: (it) => it === undefined,
  promisify,
  types,
  // What `assert` needs and Node does not export.
  _equal: (a, b, strict) => equal(a, b, strict, []),
};
Object.defineProperty(module.exports, "_equal", { enumerable: false });
