exports = async ({ token, tokenId, username }) => {
  const sgMail = require('@sendgrid/mail');
  sgMail.setApiKey(context.values.get('sendgrid'));
  await sgMail.send({ to: username, from: 'a@x.io', subject: 'Confirm', text: `${token} ${tokenId}` });
  return { status: 'pending' };
};
