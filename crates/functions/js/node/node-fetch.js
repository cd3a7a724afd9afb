// The interface of node-fetch 2 over `context.http`.
const { Buffer } = require("buffer");
const { URLSearchParams } = require("url");

class FetchError extends Error {
  constructor(message, type) {
    super(message);
    Object.assign(this, { name: "FetchError", type });
  }
}

class Headers {
  #map = new Map();
  constructor(init = {}) {
    const pairs = typeof init[Symbol.iterator] === "function" ? init : Object.entries(init);
    for (const [name, value] of pairs) for (const one of [].concat(value)) this.append(name, one);
  }
  append(name, value) {
    const key = String(name).toLowerCase();
    this.#map.set(key, [...(this.#map.get(key) || []), String(value)]);
  }
  set(name, value) {
    this.#map.set(String(name).toLowerCase(), [String(value)]);
  }
  get(name) {
    const found = this.#map.get(String(name).toLowerCase());
    return found ? found.join(", ") : null;
  }
  has(name) {
    return this.#map.has(String(name).toLowerCase());
  }
  delete(name) {
    this.#map.delete(String(name).toLowerCase());
  }
  raw() {
    return Object.fromEntries(this.#map);
  }
  forEach(visit, self) {
    for (const [name, value] of this) visit.call(self, value, name, this);
  }
  *entries() {
    for (const name of [...this.#map.keys()].sort()) yield [name, this.get(name)];
  }
  *keys() {
    for (const [name] of this.entries()) yield name;
  }
  *values() {
    for (const [, value] of this.entries()) yield value;
  }
  [Symbol.iterator]() {
    return this.entries();
  }
}

class Response {
  #bytes;
  constructor(body, { status = 200, statusText = "", headers, url = "" } = {}) {
    this.#bytes = body === undefined || body === null ? Buffer.alloc(0) : Buffer.from(body);
    Object.assign(this, { status, statusText, url, headers: new Headers(headers), bodyUsed: false });
  }
  get ok() {
    return this.status >= 200 && this.status < 300;
  }
  #take() {
    if (this.bodyUsed) throw new TypeError(`body used already for: ${this.url}`);
    this.bodyUsed = true;
    return this.#bytes;
  }
  async text() {
    return this.#take().toString("utf8").replace(/^\ufeff/, "");
  }
  async json() {
    const text = await this.text();
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new FetchError(`invalid json response body at ${this.url} reason: ${error.message}`, "invalid-json");
    }
  }
  async buffer() {
    return this.#take();
  }
  async arrayBuffer() {
    const bytes = this.#take();
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  }
  clone() {
    return new Response(this.#bytes, { ...this, headers: this.headers.raw() && Object.entries(this.headers.raw()) });
  }
}

// Bytes are sent as they are, and without a guess at their type.
function asBytes(body) {
  if (ArrayBuffer.isView(body)) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (body instanceof ArrayBuffer) return Buffer.from(body);
  if (typeof body.toBase64 === "function" && body.sub_type !== undefined) return Buffer.from(body.toBase64(), "base64");
  return null;
}

// The request goes on, but the script does not wait for it any more.
const unlessAborted = (answer, signal) =>
  new Promise((good, bad) => {
    signal.addEventListener("abort", () => bad(signal.reason));
    answer.then(good, bad);
  });

async function fetch(input, options = {}) {
  const url = String(typeof input === "object" && input.url ? input.url : input);
  const method = String(options.method || "GET").toLowerCase();
  const headers = new Headers(options.headers instanceof Headers ? Object.entries(options.headers.raw()) : options.headers);
  const request = { url, followRedirects: (options.redirect || "follow") === "follow" };
  const { body, signal } = options;
  if (signal && signal.aborted) throw signal.reason;
  if (body !== undefined && body !== null) {
    if (method === "get" || method === "head") throw new TypeError("Request with GET/HEAD method cannot have body");
    const bytes = asBytes(body);
    request.body = bytes || String(body);
    if (!bytes && !headers.has("content-type")) {
      headers.set("content-type", `${body instanceof URLSearchParams ? "application/x-www-form-urlencoded" : "text/plain"};charset=UTF-8`);
    }
  }
  request.headers = headers.raw();
  const http = require("doorward:http");
  if (typeof http[method] !== "function") throw new FetchError(`the method ${method} is not available to functions`, "system");
  let answer;
  try {
    answer = await (signal ? unlessAborted(http[method](request), signal) : http[method](request));
  } catch (error) {
    if (signal && signal.aborted) throw signal.reason;
    throw new FetchError(`request to ${url} failed, reason: ${error.message}`, "system");
  }
  return new Response(answer.body ? Buffer.from(answer.body.toBase64(), "base64") : null, {
    status: answer.statusCode,
    statusText: String(answer.status || "").replace(/^\d+ ?/, ""),
    headers: Object.entries(answer.headers || {}),
    url,
  });
}

module.exports = Object.assign(fetch, { default: fetch, FetchError, Headers, Response });
