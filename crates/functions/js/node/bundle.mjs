// Writes bundled/: one CommonJS file for each module of Node that a well-kept package provides.
// With --check it writes nothing and fails when a checked-in file differs from a fresh bundling.
import { build } from "esbuild";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const check = process.argv.includes("--check");

// Module of Node, and the package that provides it.
const modules = {
  buffer: "buffer/",
  events: "events/",
  path: "path-browserify",
  punycode: "punycode/punycode.js",
  querystring: "querystring-es3",
  string_decoder: "string_decoder/",
  "url-legacy": "url/",
};

// These stay calls of `require`, so that every module is evaluated once and only when somebody asks for it.
const shared = { "safe-buffer": "buffer", punycode: "punycode", querystring: "querystring" };

const keepShared = {
  name: "shared",
  setup(build) {
    build.onResolve({ filter: /^(safe-buffer|querystring|punycode)\/?$/ }, ({ path }) => ({
      path: shared[path.replace("/", "")],
      external: true,
    }));
    build.onResolve({ filter: /^qs$/ }, () => ({ path: join(here, "qs.cjs") }));
  },
};

let stale = 0;
await mkdir(join(here, "bundled"), { recursive: true });
for (const [name, entry] of Object.entries(modules)) {
  const result = await build({
    stdin: { contents: `module.exports = require(${JSON.stringify(entry)});`, resolveDir: here, sourcefile: "entry.cjs" },
    bundle: true,
    format: "cjs",
    legalComments: "eof",
    minify: true,
    platform: "neutral",
    mainFields: ["main"],
    plugins: [keepShared],
    target: "es2020",
    write: false,
  });
  const file = join(here, "bundled", `${name}.js`);
  const text = result.outputFiles[0].text;
  if (!check) {
    await writeFile(file, text);
  } else if ((await readFile(file, "utf8").catch(() => "")) !== text) {
    console.error(`bundled/${name}.js differs from a fresh bundling: run \`npm run bundle\``);
    stale += 1;
  }
}
process.exitCode = stale ? 1 : 0;
