exports = async (authEvent) => {
  const { operationType, providers, user, time } = authEvent;
  if (operationType !== "LOGIN") return;
  const axios = require("axios");
  await axios({ method: "post", url: "https://audit.example/events", data: { who: user.id, how: providers.join("+"), when: time.toISOString() }, auth: { username: "u", password: "p" } });
};
