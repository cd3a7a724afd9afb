#!/usr/bin/env node
// Runs the story of the Realm Web SDK against a built Doorward: in Node, in Chromium, and through the hosted pages.
//
//   node tests/web/run.mjs [BINARY] [--screenshots DIR]
//
// BINARY is `target/debug/doorward` unless given here or as DOORWARD_BIN; the browser is DOORWARD_CHROMIUM or chromium.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as Realm from "realm-web";
import { launchChromium, tellStoryInBrowser } from "./browser.mjs";
import { readAppId, startDoorward } from "./doorward.mjs";
import { tellFunctionsStory } from "./functions.mjs";
import { clickThroughPages } from "./pages.mjs";
import { Report } from "./report.mjs";
import { passwords, tellStory } from "./story.mjs";

const LIMIT = 5 * 60 * 1000;
const root = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { screenshots: { type: "string" } },
});
const binary = positionals[0] ?? process.env.DOORWARD_BIN ?? root("target/debug/doorward");
const chromium = process.env.DOORWARD_CHROMIUM ?? "/usr/bin/chromium";
const appDir = root("examples/notes");

const report = new Report();

// The server and the browser are killed on `exit`, whatever ends this process.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));
setTimeout(() => {
  report.failed("everything", new Error(`not finished after ${LIMIT / 60_000} minutes`));
  process.exit(report.close());
}, LIMIT).unref();

await attempt("Doorward starts", async () => {
  if (!existsSync(binary)) throw new Error(`${binary} is missing; build it with: cargo build`);
  const appId = await readAppId(appDir);
  const doorward = await startDoorward(binary, appDir);
  try {
    await attempt("the story in Node", async () => {
      report.heading(`realm-web in Node ${process.versions.node}`);
      const { mailbox, url } = doorward;
      await tellStory({ Realm, baseUrl: url, appId, who: "node", mailbox, step: report.step, assert });
    });
    await attempt("Chromium", () => inChromium(doorward, appId));
    await attempt("the log", () => searchLog(doorward));
  } finally {
    const end = await doorward.stop();
    if (end === "exit code 0") report.passed("asked to stop, it stops");
    else report.failed("asked to stop, it stops", new Error(`${end}\n${doorward.log()}`));
  }
});
await attempt("an app with functions", async () => {
  const clubDir = root("examples/club");
  const club = await startDoorward(binary, clubDir);
  try {
    report.heading("realm-web and the owner's functions");
    const { mailbox, url } = club;
    const appId = await readAppId(clubDir);
    await tellFunctionsStory({ Realm, baseUrl: url, appId, mailbox, step: report.step, assert });
  } finally {
    await club.stop();
  }
});
process.exit(report.close());

async function inChromium(doorward, appId) {
  const browser = await launchChromium(chromium);
  try {
    await attempt("the story in Chromium", async () => {
      report.heading(`realm-web in Chromium ${browser.version()}, from another origin`);
      await tellStoryInBrowser({ browser, doorward, appId, report });
    });
    await attempt("the hosted pages", async () => {
      report.heading("the hosted pages in Chromium");
      await clickThroughPages({ browser, doorward, appId, report, screenshots: flags.screenshots });
    });
  } finally {
    await browser.close();
  }
}

async function searchLog(doorward) {
  report.heading("the server itself");
  const tokens = (await doorward.mailbox.all())
    .flatMap(({ links }) => links.map((link) => new URL(link).searchParams.get("token")))
    .filter(Boolean);
  await report.step("its log holds no password and no mailed token", async () => {
    const log = doorward.log();
    assert.ok(tokens.length > 0);
    for (const secret of [...passwords, ...tokens]) assert.ok(!log.includes(secret), `${secret.slice(0, 8)}… is in the log`);
  });
}

/** Parts do not depend on each other: when one fails, the others still run. */
async function attempt(name, run) {
  try {
    await run();
  } catch (error) {
    report.caught(name, error);
  }
}
