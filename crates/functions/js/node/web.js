// Globals that newer runtimes have and that need no module of Node.
const failed = (message, name) => new DOMException(message, name);

class AbortSignal {
  #listeners = new Set();
  aborted = false;
  reason = undefined;
  onabort = null;
  static abort(reason) {
    const controller = new AbortController();
    controller.abort(reason);
    return controller.signal;
  }
  static timeout(milliseconds) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(failed("The operation was aborted due to timeout", "TimeoutError")), milliseconds);
    return controller.signal;
  }
  throwIfAborted() {
    if (this.aborted) throw this.reason;
  }
  addEventListener(type, listener) {
    if (type === "abort" && listener) this.#listeners.add(listener);
  }
  removeEventListener(type, listener) {
    if (type === "abort") this.#listeners.delete(listener);
  }
  _abort(reason) {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const event = { type: "abort", target: this }, listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of typeof this.onabort === "function" ? [this.onabort, ...listeners] : listeners) {
      if (typeof listener === "function") listener.call(this, event);
      else listener.handleEvent(event);
    }
  }
}

class AbortController {
  signal = new AbortSignal();
  abort(reason = failed("This operation was aborted", "AbortError")) {
    this.signal._abort(reason);
  }
}

const PLAIN = new Set([Boolean, Number, String, BigInt]);
const ERRORS = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

function structuredClone(value, options) {
  if (arguments.length === 0) throw new TypeError("The value argument must be specified");
  if (options && options.transfer && options.transfer.length) throw failed("nothing can be transferred in a function", "DataCloneError");
  const known = new Map();
  const bson = new Set(Object.values(globalThis.BSON || {}).map((type) => type && type.prototype));
  const copy = (from) => {
    if (typeof from === "symbol" || typeof from === "function") throw failed(`${String(from)} could not be cloned.`, "DataCloneError");
    if (typeof from !== "object" || from === null) return from;
    if (known.has(from)) return known.get(from);
    const keep = (to) => {
      known.set(from, to);
      return to;
    };
    const fill = (to) => {
      for (const key of Object.keys(from)) Object.defineProperty(to, key, { value: copy(from[key]), writable: true, enumerable: true, configurable: true });
      return to;
    };
    if (PLAIN.has(from.constructor) && typeof from.valueOf() !== "object") return keep(Object(from.valueOf()));
    if (from instanceof Date) return keep(new Date(from.getTime()));
    if (from instanceof RegExp) return keep(new RegExp(from.source, from.flags));
    if (from instanceof ArrayBuffer) return keep(from.slice(0));
    if (ArrayBuffer.isView(from)) {
      const buffer = copy(from.buffer);
      // As in Node, a Buffer becomes a plain Uint8Array.
      const type = from instanceof Uint8Array ? Uint8Array : from.constructor;
      return keep(new type(buffer, from.byteOffset, from instanceof DataView ? from.byteLength : from.length));
    }
    if (from instanceof Map) {
      const to = keep(new Map());
      for (const [key, it] of [...from]) to.set(copy(key), copy(it));
      return to;
    }
    if (from instanceof Set) {
      const to = keep(new Set());
      for (const it of [...from]) to.add(copy(it));
      return to;
    }
    if (from instanceof Error) {
      const to = keep(new (ERRORS[from.name] || Error)(from.message));
      for (const key of ["stack", "cause"]) {
        if (Object.hasOwn(from, key)) Object.defineProperty(to, key, { value: copy(from[key]), writable: true, configurable: true });
      }
      return to;
    }
    if (from instanceof Promise || from instanceof WeakMap || from instanceof WeakSet || from instanceof WeakRef) {
      throw failed(`#<${from.constructor.name}> could not be cloned.`, "DataCloneError");
    }
    if (Array.isArray(from)) return fill(keep(new Array(from.length)));
    // Values of BSON keep their types, because a copy of a document without its ids would be of no use.
    return fill(keep(bson.has(Object.getPrototypeOf(from)) ? Object.create(Object.getPrototypeOf(from)) : {}));
  };
  return copy(value);
}

module.exports = { AbortController, AbortSignal, structuredClone };
