#!/usr/bin/env node
// Makes the picture in the README: the hosted page that sets a new password, as the link in the mail opens it.
//
//   node tests/web/screenshot.mjs [BINARY] [--out FILE]
//
// BINARY is `target/debug/doorward` unless given here or as DOORWARD_BIN; the browser is DOORWARD_CHROMIUM or chromium.
// FILE is docs/images/reset.png. The picture depends on the fonts of the machine, so no test compares it.

import { mkdir, stat } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { launchChromium } from "./browser.mjs";
import { readAppId, startDoorward } from "./doorward.mjs";

const LARGEST = 60_000;
const EMAIL = "ada@example.com";
const root = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const { values: flags, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: "string" } } });
const binary = positionals[0] ?? process.env.DOORWARD_BIN ?? root("target/debug/doorward");
const chromium = process.env.DOORWARD_CHROMIUM ?? "/usr/bin/chromium";
const file = flags.out ?? root("docs/images/reset.png");
const appDir = root("examples/notes");

const doorward = await startDoorward(binary, appDir);
try {
  const browser = await launchChromium(chromium);
  try {
    await photograph(browser, await mailedResetLink());
  } finally {
    await browser.close();
  }
} finally {
  await doorward.stop();
}

async function mailedResetLink() {
  const accounts = `${doorward.url}/api/client/v2.0/app/${await readAppId(appDir)}/auth/providers/local-userpass`;
  const post = async (path, body) => {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(`${accounts}/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  };
  await post("register", { email: EMAIL, password: "first password" });
  await doorward.mailbox.next(EMAIL);
  await post("reset/send", { email: EMAIL });
  return (await doorward.mailbox.next(EMAIL)).links[0];
}

async function photograph(browser, link) {
  const viewport = { width: 640, height: 480 };
  const context = await browser.newContext({ viewport, colorScheme: "light", reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.goto(link, { waitUntil: "networkidle" });
  for (const field of await page.locator("input[type=password]").all()) await field.fill("correct horse");
  // Without a caret and a focus ring, which depend on the moment.
  await page.evaluate(() => document.activeElement?.blur());
  await mkdir(dirname(file), { recursive: true });
  await page.screenshot({ path: file, fullPage: true });
  const { size } = await stat(file);
  if (size > LARGEST) throw new Error(`${file} has ${size} bytes, more than ${LARGEST}`);
  console.log(`${relative(process.cwd(), file)}: ${size} bytes`);
}
