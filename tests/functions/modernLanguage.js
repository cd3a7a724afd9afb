class Mail {
  static #count = 0;
  #to;
  constructor(to) { this.#to = to; Mail.#count += 1; }
  get to() { return this.#to; }
  static get count() { return Mail.#count; }
  static { this.kind = "mail"; }
}

class HtmlMail extends Mail {
  body = "<p>";
  toString() { return `${super.to}:${this.body}`; }
}

function* ids(n) {
  let i = 0;
  while (i < n) yield i++;
}

async function* pages(count) {
  for (const page of ids(count)) {
    await new Promise((resolve) => setImmediate(resolve));
    yield { page, items: [page * 2, page * 2 + 1] };
  }
}

exports = async ({ user = {}, ...rest } = {}, options) => {
  const { year, month } = /(?<year>\d{4})-(?<month>\d{2})/u.exec(rest.date ?? "1999-12")?.groups ?? {};
  const all = [];
  for await (const { items } of pages(3)) all.push(...items);
  const settled = await Promise.allSettled([Promise.resolve(1), Promise.reject(new Error("no"))]);
  const any = await Promise.any([Promise.reject(1), 2]);
  let flag = null;
  flag ??= options?.flags?.[0] ?? "none";
  label: for (const a of [1, 2]) for (const b of [1, 2]) if (a * b === 2) break label;
  return {
    year, month, all, flag, any,
    city: user?.address?.city?.toUpperCase?.() ?? "nowhere",
    mail: String(new HtmlMail("a@x.io")), count: Mail.count, kind: HtmlMail.kind,
    settled: settled.map((s) => s.status),
    entries: Object.fromEntries(Object.entries({ a: 1 }).map(([k, v]) => [k.padStart(3, "_"), v ** 2])),
    flat: [[1], [[2]]].flat(Infinity).at(-1),
    raw: String.raw`\n${1}`,
    replaced: "a-b-c".replaceAll("-", "+"),
    matches: [..."t1 t22".matchAll(/t(\d+)/g)].map((m) => m[1]),
    big: 1_000_000,
    map: [...new Map([["k", new Set([1])]]).keys()],
    sorted: [3, 1, 2].toSorted?.() ?? [1, 2, 3],
    last: [1, 2, 3].findLast((n) => n < 3),
  };
};
