exports = (when) => {
  const d = new Date(when);
  const expires = new Date(d);
  expires.setMinutes(expires.getMinutes() + 30);
  const names = ["Äpfel", "apfel", "Zebra"].sort((a, b) => a.localeCompare(b));
  return {
    expires,
    utc: d.toUTCString(),
    day: d.getDay(),
    offset: d.getTimezoneOffset(),
    parsed: Date.parse("2023-11-14T22:13:20+01:00"),
    date: d.toLocaleDateString("en-US"),
    amount: (1234.5).toFixed(2),
    grouped: (1234567).toString().replace(/\B(?=(\d{3})+(?!\d))/g, ","),
    names: names.length,
    plain: "Ångström".normalize("NFD").replace(/[\u0300-\u036f]/g, ""),
    title: "grace hopper".split(" ").map((w) => w[0].toUpperCase() + w.slice(1)).join(" "),
    mail: /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test("a.b+c@x.io"),
    emoji: [..."👍é"].length,
    unicode: "straße".toUpperCase(),
  };
};
