exports = async (where) => {
  const half = "\ud800";
  switch (where) {
    case "console": console.log(half, { half }); return "done";
    case "value": return { half, [half]: 1 };
    case "error": throw new Error("half " + half);
    case "name": return context.functions.execute(half);
    case "status": return { status: half };
    case "values": return typeof context.values.get(half);
    case "module": return require(half);
    case "http": return context.http.post({ url: "http://127.0.0.1/" + half, headers: { a: half }, body: half });
    case "mail": return context.services.get("email").send({ to: half, subject: half, text: half });
    case "buffer": return Buffer.from(half).toString("hex");
    case "hash": return require("crypto").createHash("sha256").update(half).digest("hex").length;
  }
};
