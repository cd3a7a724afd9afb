// A Doorward process for one run: started on a free port with a fresh data directory, and its development mailbox.

import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const STARTING = 20_000;
const STOPPING = 10_000;
const MAIL = 10_000;

/** Starts the binary with one app and waits until it is ready. */
export async function startDoorward(binary, appDir) {
  const data = await mkdtemp(join(tmpdir(), "doorward-web-"));
  const args = ["serve", appDir, "--listen", "127.0.0.1:0", "--data-dir", data];
  if (lacksSandboxLayer(binary)) args.push("--function-sandbox", "best-effort");
  const child = spawn(binary, args, { env: withoutOptions(process.env), stdio: ["ignore", "pipe", "pipe"] });
  const killed = () => child.kill("SIGKILL");
  process.once("exit", killed);

  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => (log += text));
  }
  let end = null;
  child.once("error", (error) => (end ??= error.message));
  child.once("exit", (code, signal) => (end ??= signal ?? `exit code ${code}`));

  const stop = async () => {
    child.kill("SIGTERM");
    for (const start = Date.now(); end === null && Date.now() - start < STOPPING; ) await sleep(20);
    if (end === null) killed();
    process.off("exit", killed);
    await rm(data, { recursive: true, force: true });
    return end ?? `still running ${STOPPING / 1000} s after being asked to stop`;
  };
  const running = () => {
    if (end !== null) throw new Error(`Doorward ended (${end})\n${log}`);
  };

  try {
    const url = await waitFor("Doorward to say its address", STARTING, () => {
      running();
      return log.match(/http:\/\/127\.0\.0\.1:\d+/)?.[0];
    });
    await waitFor("Doorward to be ready", STARTING, async () => {
      running();
      return (await fetch(`${url}/readyz`).catch(() => null))?.ok;
    });
    return { url, stop, log: () => log, mailbox: new Mailbox(url) };
  } catch (error) {
    await stop();
    throw new Error(`${error.message}\n${log}`);
  }
}

/** The client app id of an app, from the root file of its directory. */
export async function readAppId(appDir) {
  for (const file of ["root_config.json", "realm_config.json", "config.json"]) {
    const text = await readFile(join(appDir, file), "utf8").catch(() => null);
    if (text !== null) return JSON.parse(text).app_id;
  }
  throw new Error(`${appDir} has no root file`);
}

class Mailbox {
  #url;
  #read = new Set();

  constructor(server) {
    this.#url = `${server}/dev/mail/messages`;
  }

  /** Waits for the oldest mail to this address that no earlier call returned. */
  async next(address) {
    const mail = await waitFor(`a mail to ${address}`, MAIL, async () => {
      return (await this.#to(address)).find(({ id }) => !this.#read.has(id));
    });
    this.#read.add(mail.id);
    return mail;
  }

  async count(address) {
    return (await this.#to(address)).length;
  }

  /** All mails in the mailbox. */
  async all() {
    const response = await fetch(this.#url);
    if (!response.ok) throw new Error(`the development mailbox answered ${response.status}`);
    return response.json();
  }

  async #to(address) {
    return (await this.all()).filter(({ to }) => to === address);
  }
}

async function waitFor(what, limit, look) {
  for (const start = Date.now(); Date.now() - start < limit; await sleep(20)) {
    const found = await look();
    if (found) return found;
  }
  throw new Error(`waited ${limit / 1000} s for ${what}`);
}

/** Whether the kernel or the container lacks a layer of the sandbox of functions, which a start requires otherwise. */
function lacksSandboxLayer(binary) {
  const { stdout } = spawnSync(binary, ["doctor"], { encoding: "utf8" });
  return stdout?.includes("NOT in force") ?? false;
}

/** Every option of Doorward can come from the environment; this removes those of the caller. */
function withoutOptions(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("DOORWARD_")));
}
