// Writes bundled/: one CommonJS file for each module of Node that a well-kept package provides.
// With --check it writes nothing and fails when a checked-in file differs from a fresh bundling.
import { build } from "esbuild";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
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

// These stay calls of `require`, so that every module is evaluated once and only when it is required.
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

// What a package lacks.
const additions = {
  querystring: "Object.assign({ escape: encodeURIComponent, unescape: decodeURIComponent }, ",
};

let stale = 0;
await mkdir(join(here, "bundled"), { recursive: true });
for (const [name, entry] of Object.entries(modules)) {
  const result = await build({
    stdin: { contents: `module.exports = ${additions[name] ?? ""}require(${JSON.stringify(entry)})${name in additions ? ")" : ""};`, resolveDir: here, sourcefile: "entry.cjs" },
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

// The licences ask for their text beside the code.
const packages = ["base64-js", "buffer", "events", "ieee754", "path-browserify", "punycode", "querystring-es3", "string_decoder", "url"];
const notices = [];
for (const name of packages) {
  const folder = join(here, "node_modules", name);
  const file = (await readdir(folder)).find((it) => /^licen[sc]e/i.test(it));
  notices.push(`${name}\n${"=".repeat(name.length)}\n\n${(await readFile(join(folder, file), "utf8")).trim()}\n`);
}
const notice = join(here, "bundled", "THIRD-PARTY.txt");
if (!check) await writeFile(notice, notices.join("\n\n"));
else if ((await readFile(notice, "utf8").catch(() => "")) !== notices.join("\n\n")) process.exitCode = 1;
