exports = async () => {
  const found = [];
  const odd = [null, undefined, 5, "https://x.example/", {}, { url: {} }, { url: "" }, { host: "" }, { url: "https://" }, { url: "x".repeat(100) },
    { url: "https://x.example/", form: {}, body: "x" }, { url: "https://x.example/", body: 5 }, { url: "https://x.example/", body: { a: 1 } },
    { get url() { throw new Error("trap"); } }, { url: "https://x.example/", headers: { get a() { throw new Error("trap"); } } },
    { url: "https://x.example/", body: Symbol("x") }, { url: { toString() { throw new Error("trap"); } } }];
  for (const request of odd) {
    const answer = context.http.post(request);
    if (!(answer instanceof Promise)) found.push("no promise");
    await answer.then(() => found.push(String(request)), () => {});
  }
  return found;
};
