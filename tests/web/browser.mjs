// The story in Chromium, on a page of another origin than the server's, as a web app has it.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

/** Chromium in a new profile, and without its background requests to its vendor. */
export function launchChromium(executablePath) {
  return chromium.launch({
    executablePath,
    chromiumSandbox: false,
    args: [
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export async function tellStoryInBrowser({ browser, doorward, appId, report }) {
  const site = await serveSite();
  const context = await browser.newContext();
  const complaints = [];
  try {
    const page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(String(error)));
    // Here the browser reports why it withheld an answer from the page.
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    await page.exposeFunction("nextMail", (address) => doorward.mailbox.next(address));
    await page.exposeFunction("countMail", (address) => doorward.mailbox.count(address));
    await page.exposeFunction("passed", (name) => report.passed(name));
    await page.exposeFunction("failed", (name, stack) => {
      report.failed(name, { stack: [stack, "The browser's console:", ...complaints].join("\n") });
    });
    await page.goto(site.url);
    await report.step("a page of another origin cannot read the development mailbox", async () => {
      const answer = await page.evaluate(
        (url) => fetch(url).then((response) => `status ${response.status}`, (error) => error.name),
        `${doorward.url}/dev/mail/messages`,
      );
      if (answer !== "TypeError") throw new Error(`the page read it: ${answer}`);
    });
    await page.evaluate((options) => window.tell(options), { baseUrl: doorward.url, appId, who: "browser" });
  } finally {
    await context.close();
    await site.close();
  }
}

// The SDK's own bundle for `<script>`, the unchanged story, and a page that loads both.
const FILES = {
  "/": ["text/html", "story.html"],
  "/story.mjs": ["text/javascript", "story.mjs"],
  "/realm-web.js": ["text/javascript", "node_modules/realm-web/dist/bundle.iife.js"],
};

async function serveSite() {
  const server = createServer(async (request, response) => {
    const [type, file] = FILES[request.url] ?? [];
    if (!file) return response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": `${type}; charset=utf-8` });
    response.end(await readFile(fileURLToPath(new URL(file, import.meta.url))));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    // Another port makes another origin; the other name for this machine makes another host too.
    url: `http://localhost:${server.address().port}/`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
