const DOMAIN = "mg.app.example";

function linkFor(token, tokenId) {
  const { URL } = require("url");
  const link = new URL("/verify", "https://app.example");
  link.searchParams.set("token", token);
  link.searchParams.set("tokenId", tokenId);
  return link.toString();
}

function send(to, subject, text) {
  const querystring = require("querystring");
  return context.http.post({
    scheme: "https",
    host: "api.mailgun.net",
    path: `v3/${DOMAIN}/messages`,
    username: "api",
    password: context.values.get("mailgunKey"),
    headers: { "Content-Type": ["application/x-www-form-urlencoded"] },
    body: querystring.stringify({ from: `App <app@${DOMAIN}>`, to, subject, text }),
  });
}

exports = function (user) {
  return send(user.username, "Welcome", "Confirm: " + linkFor(user.token, user.tokenId))
    .then(response => {
      if (response.statusCode == 200) return EJSON.parse(response.body.text());
      return Promise.reject(new Error("mailgun: " + response.statusCode));
    })
    .then(({ id }) => {
      console.log("queued as", id);
      return { status: "pending" };
    })
    .catch(error => {
      console.error(error);
      return { status: "fail" };
    });
};
