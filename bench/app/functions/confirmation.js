// What a confirmation function of thirty lines looks like, without the request to a provider that the owner's would make.
const ALLOWED_DOMAINS = ["example.com", "example.org", "notes.example"];
const BLOCKED = /^(postmaster|abuse|noreply|no-reply)$/i;

function splitAddress(address) {
  const at = address.lastIndexOf("@");
  if (at < 1) {
    throw new Error("not an address");
  }
  return { local: address.slice(0, at), domain: address.slice(at + 1).toLowerCase() };
}

exports = async function ({ token, tokenId, username }) {
  const { local, domain } = splitAddress(username);
  if (BLOCKED.test(local)) {
    return { status: "fail" };
  }
  const base = context.environment.tag === "production" ? "https://notes.example" : "http://localhost:8080";
  const link = `${base}/confirm?token=${encodeURIComponent(token)}&tokenId=${encodeURIComponent(tokenId)}`;
  const letters = new Map();
  for (const letter of local) {
    letters.set(letter, (letters.get(letter) || 0) + 1);
  }
  const busiest = [...letters.entries()].sort((a, b) => b[1] - a[1])[0];
  const greeting = ["Welcome", local[0].toUpperCase() + local.slice(1)].join(", ");
  if (!ALLOWED_DOMAINS.includes(domain) && busiest[1] > 20) {
    return { status: "fail" };
  }
  return { status: domain === "example.com" ? "success" : "pending", greeting, length: link.length };
};
