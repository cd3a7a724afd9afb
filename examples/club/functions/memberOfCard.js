// Identifies the member who logs in with a club card.
exports = function ({ card, pin }) {
  const cards = context.values.get("cards");
  const found = Object.prototype.hasOwnProperty.call(cards, card) ? cards[card] : undefined;
  if (!found || found.pin !== pin) {
    throw new Error("no such card, or another number");
  }
  return { id: `card:${card}`, name: found.name };
};
