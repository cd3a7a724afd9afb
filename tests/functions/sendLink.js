// private: only other functions call this
exports = async function sendLink(to, link) {
  const qs = require("querystring");
  const query = qs.stringify({ t: link.token, i: link.tokenId });
  await context.services.get("email").send({ to, subject: "Your link", text: "https://app.example/?" + query });
  return { ok: true, system: context.runningAsSystem() };
};
