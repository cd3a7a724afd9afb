// Only people of our customers may register. The list is a value so that support can change it.
exports = function isAllowed({ username }) {
  const domains = context.values.get("allowedDomains") || [];
  const at = username.lastIndexOf("@");
  const domain = username.slice(at + 1).toLowerCase();
  const blocked = context.values.get("blockedAddresses");
  if (blocked && blocked[username.toLowerCase()]) {
    console.warn("blocked: " + username + " because " + blocked[username.toLowerCase()].reason);
    return { status: "fail" };
  }
  return { status: domains.some(d => domain === d || domain.endsWith("." + d)) ? "success" : "fail" };
};
