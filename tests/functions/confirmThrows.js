exports = ({ token, username }) => {
  if (username === "string@x.io") throw "just a text with " + token;
  if (username === "object@x.io") throw { code: 7, token };
  if (username === "reference@x.io") return nowhere(token);
  if (username === "nothing@x.io") throw undefined;
  throw new Error("no way for " + token);
};
