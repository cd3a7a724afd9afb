// An old one: the Twilio service of the first years, and callbacks.
function sendSms(number, text, callback) {
  setTimeout(function () {
    context.functions.execute("sendLink", number, { t: text }).then(
      function (result) { callback(null, result); },
      function (error) { callback(error); }
    );
  }, 5);
}

exports = function (request) {
  var self = this;
  var twilio = context.services.get("twilio");
  if (twilio !== undefined) {
    return { status: "fail" };
  }
  return new Promise(function (resolve, reject) {
    sendSms(request.username, "code", function (error, result) {
      if (error) return reject(error);
      resolve({ status: result.ok ? "pending" : "fail" });
    });
  });
};

if (typeof module !== "undefined") {
  module.exports = exports;
}
