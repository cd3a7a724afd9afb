exports = (when, what) => {
  const date = new Date(when);
  if (what === "methods") {
    return [
      date.toLocaleDateString(), date.toLocaleTimeString(), date.toLocaleString("en-US", { timeZone: "UTC" }),
      date.toLocaleTimeString("en-US", { hour: "2-digit", minute: "2-digit" }), date.toLocaleDateString("en-US", { dateStyle: "medium" }),
      (1234567.5).toLocaleString(), (0.256).toLocaleString("en-US", { style: "percent" }), (9007199254740993n).toLocaleString(),
      (12).toLocaleString(undefined, { minimumFractionDigits: 2 }), [1234.5, 1].toLocaleString(), new Date("x").toLocaleDateString(),
      Intl.DateTimeFormat().resolvedOptions().timeZone,
    ];
  }
  if (what === "elsewhere") return date.toLocaleDateString("de-DE");
  if (what === "zone") return date.toLocaleString("en-US", { timeZone: "America/New_York" });
  if (what === "compact") return new Intl.NumberFormat("en-US", { notation: "compact" }).format(1e6);
  const price = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" }).format(1234.5);
  return `${price} on ${date.toLocaleDateString("en-US", { weekday: "long", month: "long", day: "numeric" })}`;
};
