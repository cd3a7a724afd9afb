// Writes keys.json: keys made for the tests alone, with a signature of `text` by Node itself.
import crypto from "node:crypto";
import { writeFile } from "node:fs/promises";

const kinds = [
  ["RSA in PKCS#1", "rsa", { modulusLength: 2048 }, "pkcs1", "pkcs1", "sha256", "RS256", false],
  ["RSA in PKCS#8", "rsa", { modulusLength: 2048 }, "pkcs8", "spki", "sha512", "RS512", false],
  ["RSA with PSS", "rsa", { modulusLength: 2048 }, "pkcs8", "spki", "sha384", "PS384", true],
  ["P-256 in SEC1", "ec", { namedCurve: "P-256" }, "sec1", "spki", "sha256", "ES256", false],
  ["P-384", "ec", { namedCurve: "P-384" }, "pkcs8", "spki", "sha384", "ES384", false],
  ["P-521", "ec", { namedCurve: "P-521" }, "pkcs8", "spki", "sha512", "ES512", false],
];
const keys = kinds.map(([name, type, options, privateType, publicType, hash, jwt, pss]) => {
  const pair = crypto.generateKeyPairSync(type, options);
  const padding = pss ? { padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: -1 } : {};
  return {
    name, hash, jwt, pss,
    private: pair.privateKey.export({ type: privateType, format: "pem" }),
    public: pair.publicKey.export({ type: publicType, format: "pem" }),
    signature: crypto.sign(hash, Buffer.from("text"), { key: pair.privateKey, ...padding }).toString("hex"),
  };
});
await writeFile(new URL("keys.json", import.meta.url), `${JSON.stringify(keys, null, 2)}\n`);
