// Mails a link in the club's own words. `email` is a service that Doorward adds: the mail leaves by the server's relay.
exports = async (to, action, token, tokenId) => {
  const link = `${context.environment.values.site}/${action}?token=${token}&tokenId=${tokenId}`;
  await context.services.get("email").send({
    to,
    subject: `The club: ${action}`,
    text: `Follow this link to ${action}:\n\n${link}\n`,
  });
};
