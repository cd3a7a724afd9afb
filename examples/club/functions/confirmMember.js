// Confirms members of the club at once, refuses throw-away addresses, and mails a link to everyone else.
exports = async ({ token, tokenId, username }) => {
  const domain = username.split("@").pop().toLowerCase();
  if (context.values.get("memberDomains").includes(domain)) {
    return { status: "success" };
  }
  if (domain === "throwaway.example") {
    return { status: "fail" };
  }
  await context.functions.execute("mailLink", username, "confirm", token, tokenId);
  return { status: "pending" };
};
