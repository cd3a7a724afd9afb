exports = async function (to) {
  const http = context.services.get("http");
  const found = await http.get({ url: "https://api.example/v1", headers: { "Accept": ["*/*"] } });
  const errors = [];
  try {
    await context.services.get("twilio").send({ to, from: "+1", body: "hi" });
  } catch (e) { errors.push(e.message); }
  try {
    await context.services.get("mongodb-atlas").db("d").collection("c").findOne({ a: 1 });
  } catch (e) { errors.push(e.message); }
  return { body: found.body.text(), toString: `${found.body}`, length: found.contentLength, errors };
};
