exports = (what) => {
  const log = [];
  const target = what === "status" ? {} : { a: 1 };
  const proxy = new Proxy(target, {
    get: (t, key) => (key === "status" ? "success" : key === "then" ? undefined : t[key]),
    ownKeys: (t) => { if (what === "endless") for (;;); return Reflect.ownKeys(t); },
    getPrototypeOf: () => BSON.ObjectId.prototype,
  });
  return proxy;
};
