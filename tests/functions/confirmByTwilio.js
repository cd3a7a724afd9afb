// Sends the link by SMS. The username is an address; the number is looked up in our own directory.
exports = async function confirmUser({ token, tokenId, username }) {
  const sid = context.values.get("twilioSid");
  const auth = context.values.get("twilioAuthToken");

  const people = await context.http.get({
    scheme: "https",
    host: "directory.example",
    path: "/v1/people",
    query: { email: [username], fields: ["phone", "name"] },
  });
  const [person] = JSON.parse(people.body.text());
  if (!person || !person.phone) {
    console.error(`no phone number for ${username}`);
    return { status: "fail" };
  }

  const link = "https://app.example/confirm?token=" + token + "&tokenId=" + tokenId;
  const form = { To: person.phone, From: "+15005550006", Body: `Hello ${person.name}, please open ${link}` };
  const response = await context.http.post({
    url: `https://api.twilio.com/2010-04-01/Accounts/${sid}/Messages.json`,
    headers: {
      "Content-Type": ["application/x-www-form-urlencoded"],
      Authorization: ["Basic " + Buffer.from(sid + ":" + auth).toString("base64")],
    },
    body: Object.keys(form).map((key) => encodeURIComponent(key) + "=" + encodeURIComponent(form[key])).join("&"),
  });
  console.log("twilio:", response.statusCode, response.status);
  if (response.statusCode >= 300) {
    console.log(response.body.text());
    return { status: "fail" };
  }
  return { status: "pending" };
};
