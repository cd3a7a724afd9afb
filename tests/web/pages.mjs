// The hosted pages, used as a person uses them: opens the link in the mail, reads the page and clicks its button.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import * as Realm from "realm-web";
import { passwords } from "./story.mjs";

const [oldPassword, newPassword] = passwords;

const VISITORS = [
  { name: "desktop", says: "with scripts", context: { viewport: { width: 1280, height: 800 } } },
  { name: "phone", says: "without scripts", context: { viewport: { width: 390, height: 844 }, javaScriptEnabled: false } },
];

export async function clickThroughPages({ browser, doorward, appId, report, screenshots }) {
  if (screenshots) await mkdir(screenshots, { recursive: true });
  for (const visitor of VISITORS) {
    const context = await browser.newContext(visitor.context);
    context.setDefaultTimeout(10_000);
    try {
      const visit = new Visit(await context.newPage(), doorward.url, screenshots && join(screenshots, visitor.name));
      await clickThrough(visit, visitor, doorward, appId, report);
    } finally {
      await context.close();
    }
  }
}

async function clickThrough(visit, visitor, doorward, appId, { step }) {
  const email = `pages-${visitor.name}@example.com`;
  const app = new Realm.App({ id: appId, baseUrl: doorward.url });
  const logIn = (password) => app.logIn(Realm.Credentials.emailPassword(email, password));
  const named = (name) => `${name}, ${visitor.says}`;
  const { page } = visit;
  let link;

  await step(named("opening the confirmation link shows one button and changes nothing"), async () => {
    await app.emailPasswordAuth.registerUser({ email, password: oldPassword });
    link = linkIn(await doorward.mailbox.next(email), doorward.url);
    await visit.open(link, "confirm");
    await visit.expectOneForm();
    await assert.rejects(logIn(oldPassword), { statusCode: 401, errorCode: "AuthError" });
  });

  await step(named("the button confirms"), async () => {
    await visit.submit("confirmed");
    assert.match(await visit.text(), /confirmed/i);
    await logIn(oldPassword);
  });

  await step(named("opening the reset link shows a form and changes nothing"), async () => {
    await app.emailPasswordAuth.sendResetPasswordEmail({ email });
    link = linkIn(await doorward.mailbox.next(email), doorward.url);
    await visit.open(link, "reset");
    await visit.expectOneForm();
    assert.ok((await page.locator("input[type=password]").count()) > 0, "a field for the new password");
    await logIn(oldPassword);
  });

  await step(named("the form sets the new password"), async () => {
    for (const field of await page.locator("input[type=password]").all()) await field.fill(newPassword);
    await visit.submit("reset-done");
    assert.match(await visit.text(), /password/i);
    await logIn(newPassword);
    await assert.rejects(logIn(oldPassword), { statusCode: 401, errorCode: "InvalidPassword" });
  });

  await step(named("a used reset link does nothing more"), async () => {
    await visit.open(link, "reset-used");
    const fields = await page.locator("input[type=password]").all();
    if (fields.length > 0) {
      for (const field of fields) await field.fill(oldPassword);
      await visit.submit("reset-used-refused");
    }
    assert.match(await visit.text(), /expired|used|no longer|not valid|invalid/i);
    await logIn(newPassword);
  });

  await step(named("the pages wrote only on a click, and spoke only to their own server"), async () => {
    assert.deepEqual(visit.surprises, []);
  });
}

/** One person's browser window, which records what a page does without a click. */
class Visit {
  surprises = [];
  #mayWrite = false;
  #pictures;

  constructor(page, server, pictures) {
    this.page = page;
    this.#pictures = pictures;
    page.on("request", (request) => {
      const [method, url] = [request.method(), new URL(request.url())];
      if (method !== "GET" && !this.#mayWrite) this.surprises.push(`${method} ${url.pathname} without a click`);
      if (url.protocol.startsWith("http") && url.origin !== server) this.surprises.push(`${method} ${url.origin}`);
    });
    page.on("pageerror", (error) => this.surprises.push(`script error: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) this.surprises.push(message.text());
    });
  }

  async open(link, picture) {
    await this.page.goto(link, { waitUntil: "networkidle" });
    await this.#photograph(picture);
  }

  /** The page has one form with one button, which works without scripts. */
  async expectOneForm() {
    assert.equal(await this.page.locator("form").count(), 1, "one form");
    assert.equal(await this.page.locator("form[method=post i]").count(), 1, "which posts");
    assert.equal(await this.#button().count(), 1, "with one button");
  }

  async submit(picture) {
    this.#mayWrite = true;
    await Promise.all([this.page.waitForNavigation({ waitUntil: "networkidle" }), this.#button().click()]);
    this.#mayWrite = false;
    await this.#photograph(picture);
  }

  text() {
    return this.page.locator("body").innerText();
  }

  #button() {
    return this.page.locator("form button:not([type=button]), form input[type=submit]");
  }

  async #photograph(name) {
    if (this.#pictures) await this.page.screenshot({ path: `${this.#pictures}-${name}.png`, fullPage: true });
  }
}

function linkIn(mail, server) {
  const link = mail.links.find((each) => new URL(each).searchParams.has("token"));
  assert.ok(link, `a link with a token in the mail "${mail.subject}"`);
  assert.equal(new URL(link).origin, server, "the link leads to the hosted page");
  return link;
}
