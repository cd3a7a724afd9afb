exports = (text, key) => {
  const sealed = utils.crypto.encrypt("aes", text, key);
  const opened = utils.crypto.decrypt("aes", sealed, key);
  return {
    opened: opened.text(),
    length: sealed.toHex().length / 2,
    sha1: utils.crypto.hash("sha1", text).toHex(),
    sha256: utils.crypto.hash("sha256", BSON.Binary.fromBase64("aGVsbG8=")).toBase64(),
    hmac: utils.crypto.hmac(text, "k", "sha1", "base64"),
    random: require("crypto").randomBytes(16).toString("hex").length,
    uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-4/.test(require("crypto").randomUUID?.() ?? "00000000-0000-4"),
  };
};
