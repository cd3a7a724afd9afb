exports = async ({ token, tokenId, username }) => {
  const collection = context.services.get("mongodb-atlas").db("app").collection("confirmations");
  await collection.insertOne({ username, token, tokenId, createdAt: new Date() });
  return { status: "pending" };
};
