exports = ({ token, tokenId, username }) => {
  const mongodb = context.services.get("mongodb-atlas");
  return mongodb.db("app").collection("confirmations").insertOne({ username, token, tokenId })
    .then(() => ({ status: "pending" }));
};
