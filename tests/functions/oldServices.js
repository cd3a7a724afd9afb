exports = async function (to) {
  const http = context.services.get("http");
  const found = await http.get({ url: "https://api.example/v1", headers: { "Accept": ["*/*"] } });
  const errors = [];
  try {
    await context.services.get("aws").ses("us-east-1").SendEmail({ Source: "a@x.io", Destination: { ToAddresses: [to] } });
  } catch (e) { errors.push(e.message); }
  try {
    await context.services.get("twilio").send({ to, from: "+1", body: "hi" });
  } catch (e) { errors.push(e.message); }
  try {
    const docs = await context.services.get("mongodb-atlas").db("d").collection("c").find({ a: 1 }, { b: 1 }).sort({ a: 1 }).limit(5).toArray();
    errors.push(docs.length);
  } catch (e) { errors.push(e.message); }
  return { body: found.body.text(), toString: `${found.body}`, length: found.contentLength, errors };
};
