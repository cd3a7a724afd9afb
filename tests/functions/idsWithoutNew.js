// As in the mongo shell.
exports = function (id) {
  const { ObjectId } = BSON;
  return { id: BSON.ObjectId(id), hex: ObjectId.createFromHexString(id), fresh: typeof BSON.ObjectId().toString() };
};
