exports = async () => {
  const order = [];
  process.nextTick(() => order.push("tick"));
  setImmediate(() => order.push("immediate"));
  const interval = setInterval(() => order.push("interval"), 5);
  await new Promise((resolve) => setTimeout(resolve, 30));
  clearInterval(interval);
  const cancelled = setTimeout(() => order.push("never"), 1);
  clearTimeout(cancelled);
  await require("util").promisify(setTimeout)(10);
  const [seconds] = process.hrtime();
  return { first: order[0], second: order[1], more: order.filter((o) => o === "interval").length > 1, never: order.includes("never"),
    version: typeof process.version, seconds: typeof seconds, env: typeof process.env, global: global === globalThis };
};
