exports = async ({ token, tokenId, username }) => {
  const email = context.services.get("email");
  if (!email) return { status: "pending" };
  const { tag, values } = context.environment;
  const bases = { production: "https://app.example", qa: "https://qa.app.example", "": "http://localhost:8080" };
  const base = values.linkBase ?? bases[tag] ?? bases[""];
  try {
    await email.send({ to: username, subject: `[${tag || "dev"}] Confirm`, text: `${base}/#/confirm/${tokenId}/${token}` });
    return { status: "pending" };
  } catch ({ message }) {
    console.log(`mail to ${username} with ${token} failed: ${message}`);
    return { status: "fail" };
  }
};
