const start = Date.now();
function hrtime(since) {
  const elapsed = Date.now() - start;
  const now = [Math.floor(elapsed / 1000), (elapsed % 1000) * 1e6];
  if (!since) return now;
  const [seconds, nanoseconds] = [now[0] - since[0], now[1] - since[1]];
  return nanoseconds < 0 ? [seconds - 1, nanoseconds + 1e9] : [seconds, nanoseconds];
}
hrtime.bigint = () => BigInt(Date.now() - start) * 1000000n;

// The version is the one whose interfaces are followed: packages choose their code by it.
module.exports = {
  arch: "x64",
  argv: [],
  browser: false,
  cwd: () => "/",
  emitWarning: () => {},
  env: {},
  hrtime,
  memoryUsage: () => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0 }),
  nextTick: (task, ...args) => void Promise.resolve().then(() => task(...args)),
  off: () => module.exports,
  on: () => module.exports,
  once: () => module.exports,
  pid: 1,
  platform: "linux",
  release: { name: "node" },
  uptime: () => (Date.now() - start) / 1000,
  version: "v10.18.1",
  versions: { node: "10.18.1" },
};
