exports = async (payload) => {
  const { accessToken, provider = "github" } = payload;
  const axios = require("axios");
  const { data, headers } = await axios.get(`https://id.example/${provider}/user`, {
    params: { fields: ["id", "login"], v: 3 },
    headers: { Authorization: `token ${accessToken}` },
  });
  console.log(headers["x-ratelimit-remaining"]);
  return { id: `${provider}:${data.id}`, name: data?.profile?.display ?? data.login };
};
