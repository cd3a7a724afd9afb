// Mails a link that our own page checks before it calls the SDK.
exports = async function ({ token, tokenId, username }) {
  const secret = context.values.get("linkSecret");
  const signature = utils.crypto.hmac(`${tokenId}.${token}.${username}`, secret, "sha256", "hex");

  const again = require("crypto").createHmac("sha256", secret).update([tokenId, token, username].join(".")).digest("hex");
  require("assert").strictEqual(signature, again, "both ways must agree");

  const link = new URL("https://app.example/reset");
  link.search = new URLSearchParams({ token, tokenId, u: username, sig: signature }).toString();
  await context.services.get("email").send({
    to: username,
    subject: "Reset your password",
    text: `Open ${link.href}\n\nYou did not ask for this? Then do nothing.`,
  });
  console.log("sent a link with the signature " + signature.slice(0, 8) + "… for " + tokenId);
  return { status: "pending" };
};
