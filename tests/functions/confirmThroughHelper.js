exports = async ({ token, tokenId, username }) => {
  const sent = await context.functions.execute("sendLink", username, { token, tokenId });
  const plain = context.functions.execute("plainHelper", 20, 22);
  console.log("the helper says", sent, plain);
  return sent.ok ? { status: "pending" } : { status: "fail" };
};
