// Our own, because the package `assert` depends on the package `util`, and that on thirty others.
const util = require("util");

class AssertionError extends Error {
  constructor({ message, actual, expected, operator }) {
    super(message === undefined ? `${util.inspect(actual)} ${operator} ${util.inspect(expected)}` : message);
    this.name = "AssertionError";
    this.code = "ERR_ASSERTION";
    Object.assign(this, { generatedMessage: message === undefined, actual, expected, operator });
  }
}

function check(passed, message, details) {
  if (passed) return;
  if (message instanceof Error) throw message;
  throw new AssertionError({ message, ...details });
}

const compare = (operator, test) =>
  function (actual, expected, message) {
    check(test(actual, expected), message, { actual, expected, operator });
  };

function matches(error, expected) {
  if (expected === undefined) return true;
  if (expected instanceof RegExp) return expected.test(String(error));
  if (typeof expected === "function") {
    if (expected.prototype !== undefined && error instanceof expected) return true;
    return !Error.isPrototypeOf(expected) && expected.call({}, error) === true;
  }
  return Object.keys(expected).every((key) =>
    expected[key] instanceof RegExp && typeof error[key] === "string" ? expected[key].test(error[key]) : util._equal(error[key], expected[key], true),
  );
}

function judge(error, expected, message) {
  if (typeof expected === "string") return;
  if (!matches(error, expected)) {
    if (expected instanceof RegExp || typeof expected === "object") {
      check(false, message, { actual: error, expected, operator: "throws" });
    }
    throw error;
  }
}

const missing = (expected, message, kind) =>
  new AssertionError({ message: `Missing expected ${kind}${typeof expected === "string" ? `: ${expected}` : message ? `: ${message}` : "."}`, operator: "throws", expected });

function ok(...args) {
  const [actual, message] = args;
  const text = args.length ? "The expression evaluated to a falsy value" : "No value argument passed to `assert.ok()`";
  check(actual, message === undefined ? text : message, { actual, expected: true, operator: "==" });
}

function assert(...args) {
  ok(...args);
}

Object.assign(assert, {
  AssertionError,
  ok,
  equal: compare("==", (a, b) => a == b || (a !== a && b !== b)),
  notEqual: compare("!=", (a, b) => !(a == b || (a !== a && b !== b))),
  strictEqual: compare("strictEqual", Object.is),
  notStrictEqual: compare("notStrictEqual", (a, b) => !Object.is(a, b)),
  deepEqual: compare("deepEqual", (a, b) => util._equal(a, b, false)),
  notDeepEqual: compare("notDeepEqual", (a, b) => !util._equal(a, b, false)),
  deepStrictEqual: compare("deepStrictEqual", (a, b) => util._equal(a, b, true)),
  notDeepStrictEqual: compare("notDeepStrictEqual", (a, b) => !util._equal(a, b, true)),
  match: compare("match", (text, pattern) => pattern.test(text)),
  doesNotMatch: compare("doesNotMatch", (text, pattern) => !pattern.test(text)),
  fail(message = "Failed") {
    check(false, message, { operator: "fail" });
  },
  ifError(error) {
    if (error !== null && error !== undefined) throw error;
  },
  throws(body, expected, message) {
    let error;
    try {
      body();
    } catch (caught) {
      return judge(caught, expected, message);
    }
    throw missing(expected, message, "exception");
  },
  doesNotThrow(body) {
    body();
  },
  async rejects(body, expected, message) {
    try {
      await (typeof body === "function" ? body() : body);
    } catch (caught) {
      return judge(caught, expected, message);
    }
    throw missing(expected, message, "rejection");
  },
  async doesNotReject(body) {
    await (typeof body === "function" ? body() : body);
  },
});

assert.strict = Object.assign((...args) => ok(...args), assert, {
  equal: assert.strictEqual,
  notEqual: assert.notStrictEqual,
  deepEqual: assert.deepStrictEqual,
  notDeepEqual: assert.notDeepStrictEqual,
});
assert.strict.strict = assert.strict;

module.exports = assert;
