exports = async function ({ token, tokenId, username }) {
  const apiKey = context.values.get('SENDGRID_API_KEY');
  const base = context.environment.values.baseUrl || 'http://localhost:3000';
  const url = `${base}/confirm?token=${token}&tokenId=${tokenId}`;

  const result = await context.http.post({
    url: 'https://api.sendgrid.com/v3/mail/send',
    headers: { Authorization: [`Bearer ${apiKey}`], 'Content-Type': ['application/json'] },
    body: {
      personalizations: [{ to: [{ email: username }] }],
      from: { email: 'no-reply@app.example', name: 'The App' },
      subject: 'Confirm your e-mail address',
      content: [{ type: 'text/plain', value: `Please open ${url}` }],
    },
    encodeBodyAsJSON: true,
  });

  if (result.statusCode !== 202) {
    throw new Error('sendgrid answered ' + result.status + ': ' + result.body.text());
  }
  return { status: 'pending' };
};
