exports = async (names) => {
  const urls = names.map((name) => `https://api.example/people/${encodeURIComponent(name)}`);
  const answers = await Promise.all(urls.map((url) => context.http.get({ url, headers: { Accept: ["application/json", "text/plain"] }, cookies: { session: "s1" } })));
  const ages = answers.map((a) => (a.statusCode === 200 ? JSON.parse(a.body.text()).age : null));
  const first = await Promise.race([
    context.http.get({ url: "https://slow.example/" }).then(() => "slow"),
    new Promise((resolve) => setTimeout(resolve, 20, "timeout")),
  ]);
  const ok = answers.filter(({ headers }) => headers["X-Version"]?.[0] === "2").length;
  return { ages, first, ok, type: answers[0].headers["Content-Type"], cookies: answers[0].cookies };
};
