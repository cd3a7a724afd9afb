const { http, values, environment } = context;
const BASE = environment.values.api || values.get("api");

const api = {
  async get(path, query = {}) {
    const response = await http.get({ url: `${BASE}${path}?${require("querystring").stringify(query)}` });
    if (response.statusCode >= 400) throw Object.assign(new Error(response.status), { code: response.statusCode });
    return JSON.parse(response.body.text());
  },
};

exports = async function ({ username, token }) {
  const pages = [];
  for (let page = 1, more = true; more; page++) {
    const { items, next } = await api.get("/invitations", { mail: username, page });
    pages.push(...items);
    more = next;
  }
  const invitation = pages.find((i) => i.mail === username && !i.used);
  if (!invitation) return { status: "fail" };
  return { status: invitation.trusted ? "success" : "pending" };
};
