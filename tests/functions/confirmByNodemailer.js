exports = async ({ token, tokenId, username }) => {
  let transport;
  try {
    transport = require("nodemailer").createTransport({ host: "smtp.x.io", port: 465, secure: true });
  } catch (error) {
    console.warn("no nodemailer here:", error.message);
    await context.functions.execute("sendLink", username, { token, tokenId });
    return { status: "pending" };
  }
  await transport.sendMail({ to: username, text: token });
  return { status: "pending" };
};
