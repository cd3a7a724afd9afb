// Tells several people at once, and does not mind when one of them cannot be told.
exports = async function notifyAdmins({ username, token, tokenId }) {
  const admins = context.values.get("admins");
  const chunks = admins.reduce((all, a, i) => (i % 2 ? all[all.length - 1].push(a) : all.push([a]), all), []);
  let told = 0;
  for (const chunk of chunks) {
    const results = await Promise.all(chunk.map(async (admin) => {
      try {
        const { statusCode } = await context.http.post({ url: "https://push.example/" + admin, body: { username }, encodeBodyAsJSON: true });
        return statusCode < 300;
      } catch (_) {
        return false;
      }
    }));
    told += results.filter(Boolean).length;
  }
  console.log(`${told}/${admins.length} told`);
  return { status: told > 0 ? "pending" : "fail" };
};
