exports = async ({ token, tokenId, username }) => {
  const axios = require("axios").default;
  const postmark = axios.create({
    baseURL: "https://api.postmarkapp.com",
    timeout: 5000,
    headers: { "X-Postmark-Server-Token": context.values.get("postmark").serverToken, Accept: "application/json" },
  });
  try {
    const { data, status } = await postmark.post("/email", {
      From: "hello@app.example",
      To: username,
      Subject: "Confirm your account",
      TextBody: `https://app.example/c/${tokenId}/${token}`,
      MessageStream: "outbound",
    });
    console.info("postmark", status, data);
    return { status: data.ErrorCode === 0 ? "pending" : "fail" };
  } catch (err) {
    if (err.response) {
      console.warn("postmark", err.response.status, err.response.data.Message);
    } else {
      console.warn(err.message);
    }
    return { status: "fail" };
  }
};
