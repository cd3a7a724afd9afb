// The club's own words around a link. `email` is Doorward's own service: the mail leaves by the server's relay.
exports = async (to, action, token, tokenId) => {
  const link = `${context.environment.values.site}/${action}?token=${token}&tokenId=${tokenId}`;
  await context.services.get("email").send({
    to,
    subject: `The club: ${action}`,
    text: `Follow this link to ${action}:\n\n${link}\n`,
  });
};
