/*
 * Confirmation for the integration tests of the app:
 *  - addresses of our own domain are always fine
 *  - "realm_verify" confirms, "realm_pending" waits
 */
exports = ({ token, tokenId, username }) => {
  if (/@10gen.com$/.test(username)) return { status: "success" };
  if (username.indexOf("realm_verify") !== -1) return { status: "success" };
  if (username.indexOf("realm_pending") !== -1) return { status: "pending" };
  return { status: "fail" };
}
