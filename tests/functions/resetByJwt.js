exports = ({ token, tokenId, username }, jwt) => {
  const key = context.values.get("jwtKey");
  if (jwt) {
    try {
      const { header, payload } = utils.jwt.decode(jwt, key, true, ["HS256"]);
      console.log(header.alg, payload.sub, payload.purpose);
      return { status: payload.sub === username && payload.purpose === "reset" ? "success" : "fail" };
    } catch (e) {
      console.log("bad ticket: " + e.message);
      return { status: "fail" };
    }
  }
  const now = Math.floor(Date.now() / 1000);
  const ticket = utils.jwt.encode("HS256", { sub: username, purpose: "reset", iat: now, exp: now + 1800 }, key, { kid: "1" });
  const back = utils.jwt.decode(ticket, key);
  if (back.sub !== username || ticket.split(".").length !== 3) throw new Error("this cannot be");
  return context.http.post({
    url: "https://messages.example/send",
    body: { to: username, ticket, token },
    encodeBodyAsJSON: true,
  }).then(({ statusCode }) => ({ status: statusCode === 200 ? "pending" : "fail" }));
};
