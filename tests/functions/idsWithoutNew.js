// As in the mongo shell.
exports = function (id, what) {
  const { ObjectId, Long, UUID } = BSON;
  if (what === "types") {
    return [
      BSON.Int32(7), BSON.Double(7), Long(7), Long(-1, 0), BSON.Decimal128("1.50"), BSON.MinKey(), BSON.MaxKey(), BSON.BSONRegExp("a", "i"),
      BSON.Timestamp({ t: 1, i: 2 }), BSON.Timestamp(2, 1), BSON.Binary([104, 105]), BSON.Int32(7) instanceof BSON.Int32,
    ];
  }
  if (what === "makers") {
    return {
      seconds: ObjectId.createFromTime(1700000000).toHexString().slice(0, 8),
      made: ObjectId().getTimestamp().getTime() > Date.now() - 60000,
      valid: [ObjectId.isValid(id), ObjectId.isValid("x"), ObjectId.isValid(ObjectId(id))],
      bytes: ObjectId(ObjectId.generate()).toString().length,
      equal: ObjectId(id).equals(id.toUpperCase()),
      kind: ObjectId(id).constructor === ObjectId && Object.prototype.toString.call(ObjectId.name),
      uuid: UUID("00112233-4455-4677-8899-aabbccddeeff"),
      text: `${UUID("00112233445546778899AABBCCDDEEFF")}`,
      fresh: UUID.isValid(UUID().toString()),
      longs: [Long.fromString("9223372036854775807"), Long.fromString("-ff", 16), Long.fromNumber(1.9), Long.fromInt(-5), Long.fromBits(0, 1)],
      number: Long.fromBits(1, 1).toNumber(),
    };
  }
  if (what === "notation") {
    const document = { n: 1, big: Long.fromString("9007199254740993"), half: 0.5, none: NaN, at: new Date(1500), id: ObjectId(id) };
    const typed = EJSON.parse('{"a":2,"b":{"$numberDouble":"2.0"},"c":{"$numberLong":"2"}}', { relaxed: false });
    return {
      canonical: EJSON.stringify(document),
      relaxed: EJSON.stringify(document, { relaxed: true }),
      spaced: EJSON.stringify({ a: 1, b: 2 }, ["b"], 1, { relaxed: true }),
      replaced: EJSON.stringify({ a: 1 }, (key, value) => (key === "a" ? "x" : value)),
      optionsThird: EJSON.stringify([1], null, { relaxed: true }),
      typed, plain: EJSON.parse('{"b":{"$numberDouble":"2.0"}}'),
      serialized: JSON.stringify(EJSON.serialize({ a: 1 }, { relaxed: true })),
    };
  }
  return { id: BSON.ObjectId(id), hex: ObjectId.createFromHexString(id), fresh: typeof BSON.ObjectId().toString() };
};
