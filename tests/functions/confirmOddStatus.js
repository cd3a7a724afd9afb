class Decision {
  #status;
  constructor(status) { this.#status = status; }
  get status() { return this.#status; }
}

exports = ({ username }) => {
  switch (username.split("@")[0]) {
    case "getter": return { get status() { return "success"; } };
    case "class": return new Decision("pending");
    case "inherited": return Object.create({ status: "success" });
    case "unknown": return { status: "maybe" };
    case "empty": return { status: "" };
    case "boxed": return { status: new String("success") };
    case "throwing": return { get status() { throw new Error("no status for you"); } };
    case "text": return "success";
    case "boolean": return true;
    case "array": return ["success"];
    case "thenable": return { then(resolve) { resolve({ status: "success" }); } };
    case "capital": return { Status: "success" };
    default: return null;
  }
};
