const axios = require("axios");

exports = async () => {
  const seen = [];
  const client = axios.create({ baseURL: "https://api.example/v1/", params: { key: "k" }, validateStatus: (s) => s < 500 });
  client.interceptors.request.use((config) => { config.headers = { ...config.headers, "X-Trace": "t1" }; return config; });
  client.interceptors.response.use((r) => { seen.push(r.status); return r; }, (e) => Promise.reject(e));
  const { data } = await client.get("/list", { params: { q: "a b", tags: ["x"] } });
  const missing = await client.delete("list/9");
  const form = new URLSearchParams();
  form.append("grant_type", "client_credentials");
  const token = await axios.post("https://id.example/token", form, { auth: { username: "id", password: "pw" } });
  const put = await axios.request({ url: "https://api.example/raw", method: "PUT", data: "plain", headers: { "content-type": "text/plain" } });
  await axios.get("https://api.example/down").catch((e) => seen.push(e.response.status, axios.isAxiosError(e), e.code));
  const [a, b] = await axios.all([axios.head("https://api.example/h"), axios("https://api.example/g")]);
  return { seen, data, missing: missing.statusText, token: token.data.access_token, put: put.data, a: a.status, b: b.data };
};
