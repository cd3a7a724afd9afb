// What a function sees: `context`, `console`, timers, `require`. Returns the functions that the engine calls: begin,
// respond, fire.
(function (native, bson) {
  const { stringify, parse } = JSON;
  const { types, serialize, encode, redacted, decode, toBase64, isTooDeep } = bson;
  // Half of a surrogate pair, as cutting a text leaves it, cannot leave the engine.
  const whole = Function.prototype.call.bind(String.prototype.toWellFormed);
  const apply = Reflect.apply, resolve = Promise.resolve.bind(Promise), then = Promise.prototype.then;
  const define = (name, value) => Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  // The engine would pass the frames of an error to it, and each frame has the function that was called, also those of
  // this file. As a plain property it has no effect.
  Object.defineProperty(Error, "prepareStackTrace", { value: undefined, writable: true, configurable: true, enumerable: false });
  const waiting = new Map();
  let call;

  // Sends a request to the server. The promise is settled by `respond`.
  const requestHost = (content, read) => new Promise((good, bad) => {
    const id = native.request(stringify(content, (_, v) => (typeof v === "string" ? whole(v) : v)));
    waiting.set(id, { good: (text) => good(read(text)), bad });
  });

  // ---- console and errors. Any value here may have getters that throw.
  const show = (v) => {
    try {
      if (typeof v === "string") return v;
      if (v instanceof Error) return describe(v).text;
      if (typeof v === "function") return "[Function]";
      if (v === undefined || typeof v === "symbol" || typeof v === "bigint") return String(v);
      return stringify(v);
    } catch (_) { return "[unprintable]"; }
  };
  const console = {};
  for (const level of ["log", "info", "warn", "error", "debug"]) {
    console[level] = (...parts) => native.console(level, whole(parts.map(show).join(" ")));
  }
  // The other methods of a console write a plain line, or nothing, so that functions that call them run.
  const { log, error: logError } = console;
  for (const name of ["trace", "table", "dir", "group", "groupCollapsed"]) console[name] = (...parts) => log(...parts);
  for (const name of ["time", "timeLog", "timeEnd", "groupEnd", "count", "countReset"]) console[name] = () => {};
  console.assert = (right, ...parts) => { if (!right) logError("Assertion failed", ...parts); };
  const describe = (e) => {
    let stack, text;
    try {
      if (e instanceof Error) {
        let name = "Error", message = "";
        try { name = String(e.name); } catch (_) {}
        try { message = String(e.message); } catch (_) {}
        if (name === "ReferenceError") message = message.replace(/^(\S+) is not defined$/, "'$1' is not defined");
        text = message ? name + ": " + message : name;
        try { if (typeof e.stack === "string") stack = e.stack; } catch (_) {}
      } else text = typeof e === "string" ? e : stringify(e);
    } catch (_) {}
    return { text: text === undefined ? (e === undefined ? "undefined" : "an error that cannot be shown") : text, stack };
  };

  // ---- timers
  const timers = new Map();
  const start = (action, delay, repeat, args) => {
    if (typeof action !== "function") throw new TypeError("a timer needs a function");
    const id = native.timer(Number(delay) || 0);
    timers.set(id, { action, args, repeat: repeat ? Number(delay) || 0 : undefined, first: id });
    return id;
  };
  const cleared = (id) => {
    for (const [key, timer] of timers) if (key === id || timer.first === id) { timers.delete(key); native.clear(key); }
  };
  define("setTimeout", (action, delay, ...args) => start(action, delay, false, args));
  // Many functions sleep with `util.promisify(setTimeout)`.
  setTimeout[Symbol.for("nodejs.util.promisify.custom")] = (delay, value) => new Promise((done) => start(done, delay, false, [value]));
  define("setInterval", (action, delay, ...args) => start(action, delay, true, args));
  define("setImmediate", (action, ...args) => start(action, 0, false, args));
  for (const name of ["clearTimeout", "clearInterval", "clearImmediate"]) define(name, cleared);

  // ---- context.http
  const listed = (fields) => {
    const out = [];
    for (const key of Object.keys(fields || {})) for (const v of [].concat(fields[key])) out.push([key, String(v)]);
    return out;
  };
  const urlOf = (r) => {
    if (r.url) return String(r.url);
    const query = listed(r.query).map((p) => p.map(encodeURIComponent).join("=")).join("&");
    const login = r.username && !r.digestAuth ? encodeURIComponent(r.username) + ":" + encodeURIComponent(r.password || "") + "@" : "";
    const path = r.path ? (String(r.path)[0] === "/" ? "" : "/") + r.path : "";
    return (r.scheme || "http") + "://" + login + r.host + path + (query ? "?" + query : "") + (r.fragment ? "#" + r.fragment : "");
  };
  const http = {};
  for (const method of ["get", "post", "put", "patch", "delete", "head"]) {
    http[method] = async (r) => {
      if (r === null || typeof r !== "object") throw new TypeError("a request is an object");
      if (!r.url && !r.host) throw new TypeError("a request needs a url or a host");
      const headers = listed(r.headers);
      const has = (name) => headers.some(([key]) => key.toLowerCase() === name);
      const cookies = Object.keys(r.cookies || {}).map((key) => key + "=" + r.cookies[key]).join("; ");
      if (cookies) headers.push(["Cookie", cookies]);
      let body = null;
      if (r.form !== undefined && r.body !== undefined) throw new TypeError("a request has a body or a form, not both");
      if (r.form !== undefined) {
        const boundary = "doorward" + native.objectId();
        const quoted = (name) => name.replace(/["\r\n]/g, encodeURIComponent);
        const parts = listed(r.form).map(([k, v]) => "--" + boundary + '\r\nContent-Disposition: form-data; name="' + quoted(k) + '"\r\n\r\n' + v + "\r\n");
        body = native.toBase64(whole(parts.join("")) + "--" + boundary + "--\r\n");
        headers.push(["Content-Type", "multipart/form-data; boundary=" + boundary]);
      } else if (r.body !== undefined && r.body !== null) {
        if (r.encodeBodyAsJSON) {
          body = native.toBase64(encode(r.body));
          if (!has("content-type")) headers.push(["Content-Type", "application/json"]);
        } else if (r.body instanceof types().BSON.Binary) body = r.body.toBase64();
        else if (ArrayBuffer.isView(r.body)) body = toBase64(new Uint8Array(r.body.buffer, r.body.byteOffset, r.body.byteLength));
        else if (r.body instanceof ArrayBuffer) body = toBase64(new Uint8Array(r.body));
        else if (typeof r.body === "string") body = native.toBase64(whole(r.body));
        else throw new TypeError("the body of a request is a string, a Binary, a Buffer or an ArrayBuffer, or an object with encodeBodyAsJSON");
      }
      const digest = r.digestAuth ? [String(r.username || ""), String(r.password || "")] : null;
      const request = { method: method.toUpperCase(), url: urlOf(r), headers, body, follow_redirects: !!r.followRedirects, digest };
      return requestHost({ Http: request }, (text) => {
        const a = parse(text), fields = {}, jar = {};
        for (const [key, value] of a.headers) {
          const name = key.replace(/(^|-)[a-z]/g, (c) => c.toUpperCase());
          (Object.hasOwn(fields, name) ? fields[name] : (fields[name] = [])).push(value);
          const cookie = name === "Set-Cookie" && /^([^=;]+)=([^;]*)/.exec(value);
          if (cookie) jar[cookie[1].trim()] = cookie[2];
        }
        const content = types().BSON.Binary.fromBase64(a.body);
        return { status: a.status, statusCode: a.status_code, contentLength: content.length(), headers: fields, cookies: jar, body: content };
      });
    };
  }

  // ---- context.services
  const warned = new Set();
  const absent = (name) => {
    const text = "service '" + name + "' is not available on this server";
    const refused = () => Promise.reject(new Error(text));
    // The script may not wait for the outcome, so the error is written to the console as well.
    const warn = () => { if (!warned.has(name)) { warned.add(name); native.console("warn", text); } };
    // Properties and calls only build up a name. The error is for whoever waits for the outcome.
    const settling = new Set(["then", "catch", "finally"]);
    const make = (called) => new Proxy(function () {}, {
      get: (_, key) => {
        if (typeof key === "symbol") return undefined;
        if (!settling.has(key)) return make(false);
        return called ? (...handlers) => refused()[key](...handlers) : undefined;
      },
      apply: () => { warn(); return make(true); },
    });
    return make(false);
  };
  const email = { send: async (m) => {
    const optional = (v) => (v === undefined || v === null ? null : String(v));
    return requestHost({ Mail: { to: String(m.to), subject: String(m.subject), text: optional(m.text), html: optional(m.html) } }, () => undefined);
  } };
  const service = (name) => name === "http" ? http : name === "email" ? email : call.services.includes(name) ? absent(name) : undefined;

  // ---- require
  const modules = new Map();
  const requireFrom = (from, inside) => (name) => {
    const specifier = whole(String(name)), bare = specifier.replace(/^node:/, "");
    if (inside && bare === "doorward:http") return http;
    if (inside && bare === "doorward:native") return native.object();
    // The parts of built-in modules are not for scripts, because they lack the checks of those modules.
    const hidden = !inside && bare.startsWith("doorward:");
    let source = hidden ? undefined : native.builtin(bare), path = "builtin:" + bare, builtin = true;
    if (!source) {
      const found = hidden ? undefined : native.module(from, specifier);
      if (!found) throw new Error("Cannot find module '" + specifier + "'");
      ({ source, path } = found);
      builtin = false;
      if (found.json !== undefined) source = (module) => { module.exports = parse(found.json); };
    }
    if (modules.has(path)) return modules.get(path).exports;
    const module = { exports: {}, id: path, filename: path };
    modules.set(path, module);
    try {
      apply(source, module.exports, [module, module.exports, requireFrom(builtin ? undefined : path, builtin), path, path.replace(/\/[^/]*$/, "")]);
    } catch (e) { modules.delete(path); throw e; }
    return module.exports;
  };
  const builtinRequire = requireFrom(undefined, true), require = requireFrom(undefined, false);
  define("require", require);
  const lazy = (name, get) => Object.defineProperty(globalThis, name, {
    configurable: true,
    get: () => { const value = get(); define(name, value); return value; },
    set: (value) => define(name, value),
  });
  lazy("Buffer", () => builtinRequire("buffer").Buffer);
  lazy("process", () => builtinRequire("process"));
  lazy("fetch", () => builtinRequire("node-fetch"));
  const lent = { url: ["URL", "URLSearchParams"], "node-fetch": ["Headers", "Response"] };
  lent["doorward:encoding"] = ["TextEncoder", "TextDecoder"];
  lent["doorward:web"] = ["AbortController", "AbortSignal", "structuredClone"];
  for (const module of Object.keys(lent)) for (const name of lent[module]) lazy(name, () => builtinRequire(module)[name]);
  lazy("Intl", () => builtinRequire("doorward:intl").Intl);
  for (const Type of [Date, Number, BigInt]) {
    const names = Type === Date ? ["toLocaleDateString", "toLocaleTimeString", "toLocaleString"] : ["toLocaleString"];
    for (const name of names) {
      const value = { [name](locales, options) { return builtinRequire("doorward:intl")[Type.name][name](this, locales, options); } }[name];
      Object.defineProperty(Type.prototype, name, { value, writable: true, configurable: true });
    }
  }
  lazy("utils", () => builtinRequire("doorward:utils"));
  define("global", globalThis);
  define("console", console);
  lazy("EJSON", () => types().EJSON);
  lazy("BSON", () => types().BSON);

  // ---- running functions
  const notCallable = (message, depth) => { const e = new Error(message); if (!depth) uncallable.add(e); return e; };
  const uncallable = new WeakSet();
  const contextFor = (system, depth) => ({
    user: call.user, request: call.request, app: call.app, environment: call.environment, http,
    values: { get: (name) => { const text = native.value(whole(String(name))); return text === undefined ? undefined : decode(text); } },
    services: { get: (name) => service(String(name)) },
    functions: { execute: (name, ...args) => execute(whole(String(name)), args, system, depth + 1) },
    runningAsSystem: () => system,
  });
  const load = (source, context) => source(undefined, require, context)();
  const execute = (name, args, system, depth) => {
    native.operation();
    if (depth > 50) {
      const e = new RangeError("functions execute each other too deeply");
      tooMuchRecursion.add(e);
      throw e;
    }
    if (native.webhook(name)) return requestHost({ Webhook: { function: name, arguments: serialize(args) } }, decode);
    return run(name, args, system, depth);
  };
  const run = (name, args, system, depth) => {
    let script;
    try { script = native.script(name); } catch (e) { if (!depth) uncallable.add(e); throw e; }
    if (!script) throw notCallable("function not found: '" + name + "'", depth);
    const go = (asSystem) => {
      const context = contextFor(asSystem, depth);
      if (!depth) define("context", context);
      const exported = load(script.source, context) || globalThis.exports;
      if (typeof exported !== "function") throw notCallable("function '" + name + "' does not assign a function to exports", depth);
      return apply(exported, undefined, args);
    };
    if (script.system || system || !script.runAs) return go(script.system || system);
    const decide = load(script.runAs, contextFor(true, depth));
    if (typeof decide !== "function") throw new Error("the run-as script of '" + name + "' does not assign a function to exports");
    return resolve(apply(decide, undefined, args)).then((who) => {
      if (who && typeof who === "object" && who.runAsSystem === true) return go(true);
      if (typeof who === "string" && who) return go(false);
      throw new Error("the run-as script of '" + name + "' returned no user");
    });
  };
  // The engine does not say in another way that the stack is used up. A script that throws this very error only
  // misleads its owner.
  const OutOfStack = RangeError;
  const isLimit = (e, text) => {
    if (isTooDeep(e) || tooMuchRecursion.has(e)) return true;
    try { return text === "RangeError: Maximum call stack size exceeded" && e instanceof OutOfStack; } catch (_) { return false; }
  };
  const tooMuchRecursion = new WeakSet();
  const fail = (e) => {
    const { text, stack } = describe(e);
    const object = typeof e === "object" && e !== null;
    native.fail(object && uncallable.has(e) ? "uncallable" : object && isLimit(e, text) ? "limit" : "script", whole(text), stack && whole(stack));
  };
  const finish = (value) => {
    const object = value !== null && (typeof value === "object" || typeof value === "function");
    if (call.wanted === "Status") {
      const status = object ? value.status : undefined;
      native.status(typeof status === "string" ? whole(status) : undefined);
    } else if (call.wanted === "Identity") {
      let id = value, name;
      if (object) { id = value.id; name = value.name; }
      // Half of a surrogate pair is no text, and replacing it could turn one id into another.
      const text = (value) => (typeof value === "string" && value === whole(value) ? value : undefined);
      native.identity(text(id) || undefined, text(name));
    } else if (call.wanted === "Value") native.result(redacted(value));
    else native.nothing();
  };
  const finishSafely = (value) => { try { finish(value); } catch (e) { fail(e); } };
  return {
    begin(name, args, about) {
      call = decode(about);
      try {
        const result = run(name, decode(args), call.system, 0);
        apply(then, resolve(result), [finishSafely, fail]);
      } catch (e) { fail(e); }
    },
    respond(id, good, text) {
      const { good: settle, bad } = waiting.get(id);
      waiting.delete(id);
      try { if (good) settle(text); else bad(new Error(text)); } catch (e) { bad(e); }
    },
    fire(id) {
      const timer = timers.get(id);
      if (!timer) return;
      timers.delete(id);
      if (timer.repeat !== undefined) timers.set(native.timer(timer.repeat), timer);
      try { apply(timer.action, undefined, timer.args); } catch (e) { fail(e); }
    },
  };
})
