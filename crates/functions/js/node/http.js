// Client requests over `context.http`. The whole answer arrives at once, and is then passed on as if it had streamed.
const EventEmitter = require("events");
const { Buffer } = require("buffer");
const { URL } = require("url");

class IncomingMessage extends EventEmitter {
  constructor(answer) {
    super();
    this.statusCode = answer.statusCode;
    this.statusMessage = String(answer.status || "").replace(/^\d+ ?/, "");
    this.httpVersion = "1.1";
    this.headers = {};
    this.rawHeaders = [];
    for (const [name, values] of Object.entries(answer.headers || {})) {
      const lower = name.toLowerCase();
      this.headers[lower] = lower === "set-cookie" ? [...values] : values.join(", ");
      for (const value of values) this.rawHeaders.push(name, value);
    }
    this._body = answer.body ? Buffer.from(answer.body.toBase64(), "base64") : Buffer.alloc(0);
  }
  setEncoding(encoding) {
    this._encoding = encoding;
    return this;
  }
  resume() {
    return this;
  }
  pause() {
    return this;
  }
  destroy() {
    return this;
  }
  pipe(target) {
    this.on("data", (chunk) => target.write(chunk));
    this.on("end", () => target.end());
    return target;
  }
  _play() {
    const chunk = this._encoding ? this._body.toString(this._encoding) : this._body;
    if (this._body.length) this.emit("data", chunk);
    this.complete = true;
    this.emit("end");
    this.emit("close");
  }
  async *[Symbol.asyncIterator]() {
    if (this._body.length) yield this._encoding ? this._body.toString(this._encoding) : this._body;
  }
}

class ClientRequest extends EventEmitter {
  constructor(protocol, input, given, done) {
    super();
    const address = typeof input === "string" || input instanceof URL ? new URL(input) : null;
    const options = { ...(address ? {} : input), ...(typeof given === "object" ? given : {}) };
    const callback = typeof given === "function" ? given : done;
    const host = options.hostname || String(options.host || "localhost").replace(/:\d+$/, "");
    const port = options.port ? `:${options.port}` : "";
    this.url = address ? address.href : new URL(options.path || "/", `${options.protocol || protocol}//${host}${port}`).href;
    if (address && options.path) this.url = new URL(options.path, address).href;
    this.method = String(options.method || "GET").toUpperCase();
    this.path = options.path || "/";
    this._headers = {};
    this._chunks = [];
    for (const [name, value] of Object.entries(options.headers || {})) this.setHeader(name, value);
    if (options.auth) this.setHeader("Authorization", `Basic ${Buffer.from(options.auth).toString("base64")}`);
    if (callback) this.once("response", callback);
  }
  setHeader(name, value) {
    this._headers[name.toLowerCase()] = [name, [].concat(value).map(String)];
  }
  getHeader(name) {
    const found = this._headers[name.toLowerCase()];
    return found && found[1].join(", ");
  }
  removeHeader(name) {
    delete this._headers[name.toLowerCase()];
  }
  setTimeout() {
    return this;
  }
  setNoDelay() {}
  setSocketKeepAlive() {}
  flushHeaders() {}
  abort() {
    this.aborted = true;
  }
  destroy(error) {
    this.aborted = true;
    if (error) this.emit("error", error);
    return this;
  }
  write(chunk, encoding, done) {
    this._chunks.push(Buffer.from(chunk, typeof encoding === "string" ? encoding : undefined));
    const callback = typeof encoding === "function" ? encoding : done;
    if (callback) Promise.resolve().then(callback);
    return true;
  }
  end(chunk, encoding) {
    if (this.finished) return this;
    this.finished = true;
    if (chunk && typeof chunk !== "function") this.write(chunk, encoding);
    this._send();
    return this;
  }
  async _send() {
    let response;
    try {
      const http = require("doorward:http");
      const headers = Object.fromEntries(
        Object.values(this._headers).filter(([name]) => !/^(content-length|host|connection|transfer-encoding)$/i.test(name)),
      );
      const request = { url: this.url, headers };
      if (this._chunks.length) request.body = Buffer.concat(this._chunks);
      const send = http[this.method.toLowerCase()];
      if (typeof send !== "function") throw new Error(`the method ${this.method} is not available to functions`);
      response = new IncomingMessage(await send.call(http, request));
    } catch (error) {
      if (!this.aborted) this.emit("error", error);
      return;
    }
    if (this.aborted) return;
    this.emit("response", response);
    // Listeners are added in the callback, or one await later.
    Promise.resolve().then(() => Promise.resolve()).then(() => response._play());
  }
}

class Agent {
  constructor(options = {}) {
    this.options = options;
  }
  destroy() {}
}

function client(protocol) {
  const request = (...args) => new ClientRequest(protocol, ...args);
  return {
    Agent,
    ClientRequest,
    IncomingMessage,
    METHODS: ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"],
    globalAgent: new Agent(),
    request,
    get: (...args) => request(...args).end(),
  };
}

module.exports = client("http:");
Object.defineProperty(module.exports, "_client", { value: client });
