exports = async () => {
  for (let i = 0; i < 100000; i++) await context.http.get({ url: "http://127.0.0.1/" + i }).catch((e) => { if (!/not allowed/.test(e.message)) throw e; });
};
