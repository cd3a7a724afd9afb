exports = () => {
  Object.prototype.polluted = true;
  Object.prototype.isAdmin = true;
  Array.prototype.status = "success";
  Object.prototype.toJSON = () => "mine";
  String.prototype.trim = Array.prototype.map = Array.prototype.sort = () => "mine";
  Promise.prototype.then = Promise.resolve = globalThis.Promise = function () { return "mine"; };
  JSON.stringify = JSON.parse = () => "mine";
  BSON.ObjectId.prototype.toString = () => "mine";
  globalThis.setTimeout = console.log = () => "mine";
  globalThis.leaked = "here";
  return "done";
};
