exports = async () => {
  const order = [];
  process.nextTick(() => order.push("tick"));
  setImmediate(() => order.push("immediate"));
  await new Promise((resolve) => {
    let count = 0;
    const interval = setInterval(() => {
      order.push("interval");
      if (++count === 3) {
        clearInterval(interval);
        resolve();
      }
    }, 5);
  });
  const cancelled = setTimeout(() => order.push("never"), 1);
  clearTimeout(cancelled);
  await require("util").promisify(setTimeout)(10);
  const [seconds] = process.hrtime();
  return { first: order[0], second: order[1], more: order.filter((o) => o === "interval").length, never: order.includes("never"),
    version: typeof process.version, seconds: typeof seconds, env: typeof process.env, global: global === globalThis };
};
