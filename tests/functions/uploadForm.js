exports = async function (note) {
  const created = await context.http.post({ url: "https://files.example/notes", form: { title: "Note", text: note }, followRedirects: true });
  const patched = await context.http.patch({ url: "https://files.example/notes/1", headers: { "If-Match": ["*"] }, body: { done: true }, encodeBodyAsJSON: true });
  const head = await context.http.head({ url: "https://files.example/notes/1" });
  const gone = await context.http.delete({ url: "https://files.example/notes/1" });
  return [created, patched, head, gone].map((response) => response.statusCode);
};
