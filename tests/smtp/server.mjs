#!/usr/bin/env node
// A real SMTP server for tests: it prints on standard output what it received, reads commands from standard
// input, and ends when its standard input closes, so that a test that dies leaves no process behind.
//
//   node server.mjs [--port N] [--tls none|starttls|implicit] [--key FILE --cert FILE]
//                   [--user NAME --password WORD] [--mode MODE] [--code 450|550]
//
// Modes, at the start and by a line like {"mode":"refuse","code":550} at any time:
//   normal             every message is accepted
//   refuse             every recipient is refused, with --code
//   hang               no byte passes in either direction, on connections new and old
//   hang-after-data    the message is read, its final dot is never answered
//   drop-after-accept  the message is kept, and the connection cut before the client gets the reply

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { SMTPServer } from "smtp-server";
import { Relay } from "./relay.mjs";

const MODES = ["normal", "refuse", "hang", "hang-after-data", "drop-after-accept"];
const TLS = ["none", "starttls", "implicit"];

const { values: flags } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    tls: { type: "string", default: "none" },
    key: { type: "string" },
    cert: { type: "string" },
    user: { type: "string" },
    password: { type: "string" },
    mode: { type: "string", default: "normal" },
    code: { type: "string", default: "450" },
  },
});

let mode = "normal";
let code = 450;

const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

const smtp = new SMTPServer({
  ...tlsOptions(),
  ...authOptions(),
  disableReverseLookup: true,
  // Longer than any test waits, so that only the client times out.
  socketTimeout: 10 * 60 * 1000,

  onAuth({ username, password }, session, callback) {
    if (username === flags.user && password === flags.password) return callback(null, { user: username });
    refuse("auth", 535, "Invalid username or password", {}, callback);
  },

  onMailFrom({ address }, session, callback) {
    if (flags.tls !== "none" && !session.secure) {
      return refuse("tls", 530, "Must issue a STARTTLS command first", { from: address }, callback);
    }
    callback();
  },

  onRcptTo({ address }, session, callback) {
    if (mode === "refuse") return refuse("recipient", code, "Not now", { to: address }, callback);
    callback();
  },

  async onData(stream, session, callback) {
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const mail = describe(Buffer.concat(chunks).toString("utf8"), session);

    if (mode === "hang-after-data") return tell({ event: "unanswered", ...mail });
    tell({ event: "mail", ...mail });
    if (mode === "drop-after-accept") return relay.cut(session.remotePort);
    callback();
  },
});

// Some tests have the client hang up in the middle of a conversation.
smtp.on("error", (error) => tell({ event: "client-error", message: error.message }));

const relay = new Relay(() => smtp.server.address().port);
relay.on("connect", () => tell({ event: "connect" }));
enter(flags.mode, Number(flags.code));

smtp.listen(0, "127.0.0.1", async () => {
  tell({ event: "listening", port: await relay.listen(Number(flags.port)) });
});

const orders = createInterface({ input: process.stdin });
orders.on("line", (line) => {
  const order = JSON.parse(line);
  enter(order.mode, order.code ?? 450);
  tell({ event: "mode", mode });
});
orders.on("close", () => process.exit(0));
process.stdout.on("error", () => process.exit(0));

function enter(next, nextCode) {
  if (!MODES.includes(next)) throw new Error(`unknown mode ${next}; it is one of ${MODES.join(", ")}`);
  mode = next;
  code = nextCode;
  relay.stall(mode === "hang");
}

function refuse(reason, responseCode, message, detail, callback) {
  tell({ event: "refused", reason, code: responseCode, ...detail });
  callback(Object.assign(new Error(message), { responseCode }));
}

function describe(raw, session) {
  const header = raw.split(/\r?\n\r?\n/, 1)[0].replace(/\r?\n[ \t]+/g, " ");
  return {
    message_id: header.match(/^message-id:\s*(\S+)/im)?.[1] ?? null,
    from: session.envelope.mailFrom.address,
    to: session.envelope.rcptTo.map((recipient) => recipient.address),
    raw,
    secure: session.secure,
    user: session.user ?? null,
  };
}

function tlsOptions() {
  if (!TLS.includes(flags.tls)) throw new Error(`--tls is one of ${TLS.join(", ")}`);
  if (flags.tls === "none") return { hideSTARTTLS: true };
  if (!flags.key || !flags.cert) throw new Error("TLS needs --key and --cert");
  return { secure: flags.tls === "implicit", key: readFileSync(flags.key), cert: readFileSync(flags.cert) };
}

function authOptions() {
  if (flags.user === undefined) return { disabledCommands: ["AUTH"] };
  return { authOptional: false, allowInsecureAuth: flags.tls === "none" };
}
