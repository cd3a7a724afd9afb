// Members of the club are let in at once, everybody else by mail, and throw-away addresses not at all.
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
