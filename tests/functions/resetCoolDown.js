const STORE = "https://kv.example/reset:";

async function counter(username) {
  const key = STORE + Buffer.from(username).toString("base64").replace(/=+$/, "");
  const headers = { Authorization: ["Token " + context.values.get("kvToken")] };
  const found = await context.http.get({ url: key, headers });
  if (found.statusCode === 404) return { count: 0, save: (body) => context.http.put({ url: key, headers, body, encodeBodyAsJSON: true }) };
  const { count, last } = EJSON.parse(found.body.text());
  return { count, last, save: (body) => context.http.put({ url: key, headers, body, encodeBodyAsJSON: true }) };
}

exports = async ({ username, token, tokenId }) => {
  const { count, last, save } = await counter(username);
  if (count >= 3 && last instanceof Date && last > new Date("2020-06-01")) {
    console.warn(`${username} has asked ${count} times, last at ${last.toISOString()}`);
    return { status: "fail" };
  }
  await save({ count: count + 1, last: new Date() });
  return { status: "pending" };
};
