exports = (document) => {
  const text = EJSON.stringify(document);
  const again = EJSON.parse(text);
  const relaxed = EJSON.parse('{"n": 5, "d": {"$date": "1970-01-01T00:00:01Z"}, "o": {"$oid": "64b8f0c2a1d3e4f5a6b7c8d9"}}');
  return { text, equal: EJSON.stringify(again) === text, millis: relaxed.d.getTime(), id: relaxed.o.toHexString(), n: relaxed.n };
};
