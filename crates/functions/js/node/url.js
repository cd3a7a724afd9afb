// The WHATWG classes over native parsing; the older functions come from the package `url` when they are first used.
const native = require("doorward:native");

const encode = (text) => encodeURIComponent(text.toWellFormed()).replace(/%20/g, "+").replace(/[!'()~]/g, (it) => `%${it.charCodeAt(0).toString(16).toUpperCase()}`);
function decode(text) {
  const spaced = text.replace(/\+/g, " ");
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return unescapeLossy(spaced);
  }
}
// Bytes that are not UTF-8 become replacement characters, and a `%` without two digits stays.
function unescapeLossy(text) {
  const { Buffer } = require("buffer");
  const parts = text.split(/((?:%[0-9a-f]{2})+)/i);
  return parts.map((part, at) => (at % 2 ? Buffer.from(part.replace(/%/g, ""), "hex").toString() : part)).join("");
}
function parsePairs(query) {
  return query.replace(/^\?/, "").split("&").filter(Boolean).map((pair) => {
    const at = pair.indexOf("=");
    return at < 0 ? [decode(pair), ""] : [decode(pair.slice(0, at)), decode(pair.slice(at + 1))];
  });
}

class URLSearchParams {
  #pairs;
  #changed = () => {};
  constructor(init = "") {
    if (typeof init === "object" && init !== null) {
      const pairs = typeof init[Symbol.iterator] === "function" ? [...init] : Object.entries(init);
      this.#pairs = pairs.map((pair) => {
        const [name, value, ...more] = pair;
        if (value === undefined && pair.length < 2 || more.length) throw new TypeError("Each query pair must be an iterable [name, value] tuple");
        return [String(name), String(value)];
      });
    } else {
      this.#pairs = parsePairs(String(init));
    }
  }
  static _of(search, changed) {
    const params = new URLSearchParams(search);
    params.#changed = () => changed(params.toString());
    return params;
  }
  static _reset(params, search) {
    params.#pairs = parsePairs(search);
  }
  get size() {
    return this.#pairs.length;
  }
  append(name, value) {
    this.#pairs.push([String(name), String(value)]);
    this.#changed();
  }
  delete(name) {
    this.#pairs = this.#pairs.filter(([it]) => it !== String(name));
    this.#changed();
  }
  get(name) {
    const found = this.#pairs.find(([it]) => it === String(name));
    return found ? found[1] : null;
  }
  getAll(name) {
    return this.#pairs.filter(([it]) => it === String(name)).map(([, value]) => value);
  }
  has(name) {
    return this.#pairs.some(([it]) => it === String(name));
  }
  set(name, value) {
    const first = this.#pairs.find(([it]) => it === String(name));
    if (!first) return this.append(name, value);
    first[1] = String(value);
    this.#pairs = this.#pairs.filter((pair) => pair === first || pair[0] !== first[0]);
    this.#changed();
  }
  sort() {
    this.#pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    this.#changed();
  }
  forEach(visit, self) {
    for (const [name, value] of this.#pairs) visit.call(self, value, name, this);
  }
  *entries() {
    for (const [name, value] of this.#pairs) yield [name, value];
  }
  *keys() {
    for (const [name] of this.#pairs) yield name;
  }
  *values() {
    for (const [, value] of this.#pairs) yield value;
  }
  [Symbol.iterator]() {
    return this.entries();
  }
  toString() {
    return this.#pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
  }
  get [Symbol.toStringTag]() {
    return "URLSearchParams";
  }
}

const invalid = (input) => Object.assign(new TypeError(`Invalid URL: ${input}`), { code: "ERR_INVALID_URL", input });

class URL {
  #parts;
  #params;
  constructor(input, base) {
    const text = String(input).toWellFormed();
    this.#parts = native.urlParse(text, base === undefined ? undefined : String(base).toWellFormed());
    if (!this.#parts) throw invalid(text);
    this.#params = URLSearchParams._of(this.#parts.search, (search) => this.#set("search", search, true));
  }
  #set(part, value, ours) {
    this.#parts = native.urlParse(native.urlSet(this.#parts.href, part, String(value).toWellFormed()), undefined);
    if (!ours) URLSearchParams._reset(this.#params, this.#parts.search);
  }
  static canParse(input, base) {
    return native.urlParse(String(input).toWellFormed(), base === undefined ? undefined : String(base).toWellFormed()) !== undefined;
  }
  get searchParams() {
    return this.#params;
  }
  get href() {
    return this.#parts.href;
  }
  set href(value) {
    const parts = native.urlParse(String(value).toWellFormed(), undefined);
    if (!parts) throw invalid(value);
    this.#parts = parts;
    URLSearchParams._reset(this.#params, parts.search);
  }
  get origin() {
    return this.#parts.origin;
  }
  toString() {
    return this.#parts.href;
  }
  toJSON() {
    return this.#parts.href;
  }
  get [Symbol.toStringTag]() {
    return "URL";
  }
  static {
    for (const part of ["protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"]) {
      Object.defineProperty(URL.prototype, part, {
        configurable: true,
        enumerable: true,
        get() {
          return this.#parts[part];
        },
        set(value) {
          this.#set(part, value);
        },
      });
    }
  }
}

const old = (name) => (...args) => require("doorward:url")[name](...args);

module.exports = {
  URL,
  URLSearchParams,
  domainToASCII: (domain) => native.domainToASCII(String(domain)),
  domainToUnicode: (domain) => native.domainToUnicode(String(domain)),
  parse: old("parse"),
  resolve: old("resolve"),
  resolveObject: old("resolveObject"),
  format(address, options = {}) {
    if (!(address instanceof URL)) return require("doorward:url").format(address);
    const copy = new URL(address.href);
    if (options.fragment === false) copy.hash = "";
    if (options.search === false) copy.search = "";
    if (options.auth === false) copy.username = copy.password = "";
    return copy.href;
  },
  get Url() {
    return require("doorward:url").Url;
  },
};
