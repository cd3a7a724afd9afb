exports = async function ({ token, tokenId, username }) {
  const service = context.services.get("mongodb-atlas");
  if (!service) {
    console.warn("no data source is linked, so nobody is remembered");
  } else {
    try {
      const users = service.db("app").collection("users");
      const existing = await users.findOne({ email: username });
      if (existing) return { status: "success" };
      await users.insertOne({ email: username, created: new Date() });
    } catch (e) {
      console.error("could not store the user:", e.message);
    }
  }
  await context.services.get("email").send({
    to: username,
    subject: "Please confirm",
    html: `<a href="https://app.example/confirm?token=${token}&amp;tokenId=${tokenId}">Confirm</a>`,
    text: `https://app.example/confirm?token=${token}&tokenId=${tokenId}`,
  });
  return { status: "pending" };
};
