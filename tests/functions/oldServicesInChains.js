exports = async (what) => {
  if (what === "mail") {
    const ses = context.services.get("aws").ses("us-east-1");
    return ses.SendEmail({ Source: "a@x.io", Destination: { ToAddresses: ["b@x.io"] } });
  }
  const users = context.services.get("mongodb-atlas").db("app").collection("users");
  return users.find({ a: 1 }, { b: 1 }).sort({ a: 1 }).limit(5).toArray();
};
