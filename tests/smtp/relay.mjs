// A TCP relay in front of the SMTP server: it passes bytes both ways, and can stall or cut connections.
// A server that hangs or dies does so below SMTP and below TLS, so this works on bare TCP.

import { EventEmitter } from "node:events";
import { connect, createServer } from "node:net";

export class Relay extends EventEmitter {
  #backendPort;
  #stalled = false;
  /** The two ends of each connection, by the port that the backend sees as its client's. */
  #pairs = new Map();

  /** @param {() => number} backendPort where the real server listens on this machine */
  constructor(backendPort) {
    super();
    this.#backendPort = backendPort;
  }

  /** Listens on loopback and resolves to the port. */
  listen(port) {
    const server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => resolve(server.address().port));
    });
  }

  /** While stalled, connections are accepted and stay open, but no byte moves. */
  stall(stalled) {
    this.#stalled = stalled;
    for (const pair of this.#pairs.values()) {
      for (const socket of pair) stalled ? socket.pause() : socket.resume();
    }
  }

  /** Cuts one connection as a crash would: with a reset. */
  cut(backendClientPort) {
    for (const socket of this.#pairs.get(backendClientPort) ?? []) socket.resetAndDestroy();
  }

  #accept(client) {
    this.emit("connect");
    client.pause();
    const backend = connect({ port: this.#backendPort(), host: "127.0.0.1", allowHalfOpen: true });
    let key;
    backend.pause();
    backend.once("connect", () => {
      key = backend.localPort;
      this.#pairs.set(key, [client, backend]);
      this.#forward(client, backend);
      this.#forward(backend, client);
    });
    for (const [socket, other] of [[client, backend], [backend, client]]) {
      // Peers often reset their connection here; `close` follows and cleans up.
      socket.on("error", () => {});
      socket.on("close", () => {
        other.destroy();
        this.#pairs.delete(key);
      });
    }
  }

  #forward(from, to) {
    from.on("data", (chunk) => {
      if (!to.write(chunk)) from.pause();
    });
    to.on("drain", () => this.#stalled || from.resume());
    from.on("end", () => to.end());
    this.#stalled ? from.pause() : from.resume();
  }
}
