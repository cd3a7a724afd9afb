function get(url, done) {
  require("https").get(url, function (res) {
    var chunks = [];
    res.on("data", function (chunk) { chunks.push(chunk); });
    res.on("end", function () { done(null, res.statusCode, Buffer.concat(chunks).toString()); });
  }).on("error", done);
}

exports = function (id) {
  return new Promise(function (resolve, reject) {
    get("https://api.example/a/" + id, function (err, code, first) {
      if (err) return reject(err);
      get("https://api.example/b/" + JSON.parse(first).next, function (err2, code2, second) {
        if (err2) return reject(err2);
        process.nextTick(function () { resolve([code, code2, second]); });
      });
    });
  });
};
