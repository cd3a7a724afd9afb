const clones = () => {
  const when = new Date(5), loop = { when };
  loop.self = loop;
  const copy = structuredClone(loop);
  const kinds = structuredClone({
    map: new Map([["k", { a: 1 }]]), set: new Set([1]), bytes: new Uint8Array([1, 2]), pattern: /a/gi, error: new RangeError("x"),
    id: BSON.ObjectId("64b8f0c2a1d3e4f5a6b7c8d9"), missing: undefined, boxed: new Number(3),
  });
  let refused;
  try { structuredClone({ f() {} }); } catch (e) { refused = e.name; }
  return {
    loop: copy.self === copy && copy !== loop, date: copy.when, apart: copy.when !== when,
    map: kinds.map.get("k"), set: kinds.set.has(1), bytes: kinds.bytes, pattern: kinds.pattern,
    error: kinds.error instanceof RangeError && kinds.error.message, id: kinds.id, keys: Object.keys(kinds).length, boxed: kinds.boxed + 1, refused,
  };
};

const halves = () => {
  const half = "a\ud800b";
  return {
    encoded: new TextEncoder().encode(half).length, cloned: structuredClone(half).length,
    params: new URLSearchParams({ half }).toString(), url: new URL("https://x.example/?q=" + half).search,
    wide: new TextDecoder("utf-16le").decode(new Uint8Array([0, 0xd8, 0x61, 0])), latin: new TextDecoder("latin1").decode(new Uint8Array([0xe4, 0x80])),
    unreadable: (() => { try { return new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([0xff])); } catch (e) { return e.name; } })(),
    narrow: (() => { try { return btoa(half); } catch (e) { return e.name; } })(),
  };
};

const aborted = async () => {
  const controller = new AbortController(), seen = [];
  controller.signal.addEventListener("abort", () => seen.push("told"));
  const waiting = fetch("https://api.example/slow", { signal: controller.signal }).catch((e) => seen.push(e.name));
  queueMicrotask(() => seen.push("soon"));
  setTimeout(() => controller.abort(), 1);
  await waiting;
  const late = await fetch("https://api.example/never", { signal: controller.signal }).catch((e) => e.name);
  return { seen, late, aborted: controller.signal.aborted };
};

exports = async (what) => {
  if (what === "clones") return clones();
  if (what === "halves") return halves();
  if (what === "aborted") return aborted();
  if (what === "much") {
    const kept = [];
    for (;;) kept.push(new TextEncoder().encode("ä".repeat(2e6)));
  }
  if (what === "deep") {
    let deep = {};
    for (let i = 0; i < 1e5; i++) deep = { deep };
    return structuredClone(deep);
  }
  const text = new TextDecoder().decode(new TextEncoder().encode("ä"));
  const copy = structuredClone({ a: [1] });
  const response = await fetch("https://api.example/x", { method: "POST", body: JSON.stringify({ a: 1 }), headers: { "Content-Type": "application/json" } });
  return { text, copy, basic: btoa("u:p"), back: atob("dTpw"), ok: response.ok, json: await response.json() };
};
