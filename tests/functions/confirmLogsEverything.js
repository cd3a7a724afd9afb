exports = (payload) => {
  console.log(payload);
  console.log("payload", JSON.stringify(payload));
  console.log("token=" + payload.token, "tokenId=%s", payload.tokenId);
  console.log({ nested: { list: [1, "two", null, { three: 3 }] } }, [1, 2], 3, true, null, undefined);
  console.info(`user ${payload.username}`);
  console.error(new RangeError("not really"));
  console.debug(new Date(0), /a+/g.source);
  return { status: "pending" };
};
