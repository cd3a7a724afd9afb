exports = function (user) {
  const https = require("https");
  const data = JSON.stringify({ personal: { mail: user.username }, code: user.token.substr(0, 6) });
  const options = {
    hostname: "push.example",
    port: 443,
    path: "/v2/messages?kind=reset",
    method: "POST",
    headers: { "Content-Type": "application/json", "Content-Length": data.length, "X-Api-Key": context.values.get("pushKey") },
  };
  return new Promise((resolve, reject) => {
    const req = https.request(options, (res) => {
      let body = "";
      res.setEncoding("utf8");
      res.on("data", (chunk) => { body += chunk; });
      res.on("end", () => {
        console.log(res.statusCode, res.headers["content-type"], body);
        if (res.statusCode < 200 || res.statusCode > 299) return resolve({ status: "fail" });
        resolve({ status: JSON.parse(body).accepted ? "pending" : "fail" });
      });
    });
    req.on("error", (e) => reject(new Error("push failed: " + e.message)));
    req.write(data);
    req.end();
  });
};
