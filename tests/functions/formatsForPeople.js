exports = (when) => {
  const price = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" }).format(1234.5);
  const date = new Date(when).toLocaleDateString("en-US", { weekday: "long", month: "long", day: "numeric" });
  return `${price} on ${date}`;
};
