exports = async () => {
  const text = new TextDecoder().decode(new TextEncoder().encode("ä"));
  const copy = structuredClone({ a: [1] });
  const response = await fetch("https://api.example/x", { method: "POST", body: JSON.stringify({ a: 1 }), headers: { "Content-Type": "application/json" } });
  return { text, copy, basic: btoa("u:p"), back: atob("dTpw"), ok: response.ok, json: await response.json() };
};
