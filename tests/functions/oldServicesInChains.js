exports = async (what) => {
  if (what === "nothing") return typeof context.services.get("aws");
  if (what === "unawaited") {
    const tokens = context.services.get("mongodb-atlas").db("app").collection("tokens");
    tokens.deleteMany({});
    tokens.insertOne({ a: 1 });
    context.services.get("aws").ses("us-east-1").SendEmail({});
    return "done";
  }
  if (what === "mail") {
    const ses = context.services.get("aws").ses("us-east-1");
    return ses.SendEmail({ Source: "a@x.io", Destination: { ToAddresses: ["b@x.io"] } });
  }
  const users = context.services.get("mongodb-atlas").db("app").collection("users");
  return users.find({ a: 1 }, { b: 1 }).sort({ a: 1 }).limit(5).toArray();
};
