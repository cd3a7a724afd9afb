exports = function (id, when, price) {
  const { ObjectId } = BSON;
  const fresh = new ObjectId();
  if (!(id instanceof BSON.ObjectId)) throw new TypeError("an ObjectId was expected");
  if (!/^[0-9a-f]{24}$/.test(fresh.toHexString())) throw new Error("odd id");
  const tomorrow = new Date(when.getTime() + 24 * 60 * 60 * 1000);
  return {
    same: id.equals(new BSON.ObjectId(id.toString())) && id.toString() === "64b8f0c2a1d3e4f5a6b7c8d9",
    made: new BSON.ObjectId("64B8F0C2A1D3E4F5A6B7C8D9"),
    text: `${id}`,
    json: JSON.stringify({ id, when }),
    tomorrow,
    iso: tomorrow.toISOString().split("T")[0],
    price: price.toString() + " EUR",
    total: BSON.Decimal128.fromString((parseFloat(price) * 2).toFixed(2)),
    int: new BSON.Int32(7),
    long: BSON.Long.fromNumber(7),
    double: new BSON.Double(7),
    bytes: BSON.Binary.fromHex("68656c6c6f"),
    words: BSON.Binary.fromBase64("aGVsbG8=").text() + BSON.Binary.fromHex("21").toBase64(),
    undefined: undefined,
    missing: null,
  };
};
