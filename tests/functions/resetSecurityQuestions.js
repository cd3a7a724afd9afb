const crypto = require("crypto");

const normalize = (answer) => String(answer).trim().toLowerCase().replace(/\s+/g, " ");
const digest = (answer, salt) => crypto.createHash("sha256").update(salt + ":" + normalize(answer)).digest("hex");

exports = async ({ username, password, currentPasswordValid }, answers = [], ...rest) => {
  if (currentPasswordValid) {
    console.warn("the new password is the old one");
    return { status: "fail" };
  }
  if (rest.length > 0) throw new TypeError(`unexpected arguments: ${rest.length}`);

  const stored = context.values.get("securityAnswers")[username];
  if (!stored || answers.length !== stored.hashes.length) return { status: "fail" };

  const right = answers.every((answer, i) =>
    crypto.timingSafeEqual(Buffer.from(digest(answer, stored.salt), "hex"), Buffer.from(stored.hashes[i], "hex")));
  return { status: right ? "success" : "fail" };
};
