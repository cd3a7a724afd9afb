// Written in 2018, and never touched since.
exports = handler;

var LIMIT = 010;

function handler(arg) {
  result = [];
  for (var i in arg) if (arg.hasOwnProperty(i)) result.push(i + "=" + arg[i]);
  total = arguments.length;
  with ({ factor: 2 }) { total = total * factor; }
  return { result: result, total: total, limit: LIMIT, self: typeof this, callee: arguments.callee === handler, helper: handler.helper(1), old: new Buffer("hi").toString("base64"),
    escaped: escape("ä b"), sub: "abcdef".substr(-3, 2), year: new Date(86400000).getYear() };
}

exports.helper = function (n) { return n + hoisted(n); };
function hoisted(n) { return n * 10; }
//# sourceMappingURL=legacy.js.map
