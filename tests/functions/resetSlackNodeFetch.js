const fetch = require('node-fetch');

async function notify(text) {
  const res = await fetch(context.values.get('slackWebhook'), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ text, channel: '#accounts' }),
  });
  if (!res.ok) throw new Error(`slack: ${res.status} ${res.statusText}: ${await res.text()}`);
  return res.text();
}

exports = async (request) => {
  const answer = await notify(`${request.username} wants a new password (${context.environment.tag || 'none'})`);
  console.log('slack said', answer);
  return { status: 'pending' };
};
