// Tells the desk which member has used a card for the first time.
exports = async function ({ user }) {
  await context.services.get("email").send({
    to: "desk@club.example",
    subject: "A member has used a card",
    text: `${user.data.name} (${user.identities[0].id}) has logged in for the first time.`,
  });
};
