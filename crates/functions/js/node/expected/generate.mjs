// Writes node.json: what Node itself answers to each line of expressions.txt. With --check it fails when they differ.
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const file = (name) => new URL(name, import.meta.url);
const lines = (await readFile(file("expressions.txt"), "utf8")).split("\n").filter((line) => line && !line.startsWith("#"));
const evaluate = (line) => {
  try {
    return String(new Function("require", "Buffer", `return (${line})`)(require, Buffer));
  } catch (error) {
    return `throws ${error.name}`;
  }
};
const text = `${JSON.stringify(lines.map((line) => [line, evaluate(line)]), null, 2)}\n`;
if (!process.argv.includes("--check")) await writeFile(file("node.json"), text);
else if ((await readFile(file("node.json"), "utf8")) !== text) throw new Error("expected/node.json is stale");
