import { connect, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { type InNetwork, pattern, Recorder, testNetwork } from "../network.contract.ts";
import type { Connection, Listener, Network } from "../runtime.ts";
import { createNodejsNetwork } from "./network.ts";

const HOST = "127.0.0.1";

describe.each([
  ["shared reads, native writes", { sharedReads: true, nativeWrites: true }],
  ["a buffer per read, native writes", { sharedReads: false, nativeWrites: true }],
  ["shared reads, stream writes", { sharedReads: true, nativeWrites: false }],
  ["a buffer per read, stream writes", { sharedReads: false, nativeWrites: false }],
] as const)("%s", (name, options) => {
  const { sharedReads } = options;
  const inNetwork: InNetwork = async (body) => {
    const network = new Tracked(createNodejsNetwork(options));
    try {
      await body(network, HOST);
    } finally {
      await network.closeAll();
    }
  };
  testNetwork(`nodejs network, ${name}`, inNetwork);

  const check = (what: string, body: (network: Network) => Promise<void>): void => {
    test(`nodejs network, ${name}: ${what}`, () => inNetwork(body));
  };

  check("a client that sends its end still reads the replies", async (network) => {
    const { server, client, far } = await rawClient(network);
    client.end("ping");
    await far.until(() => far.ends > 0);
    expect(textOf(far.received)).toBe("ping");
    server.write(Buffer.from("pong"));
    server.end();
    expect(await readToEnd(client)).toBe("pong");
    await far.untilClosed();
    expect(far.cause).toBeUndefined();
  });

  check("a reset by the peer is told with its cause", async (network) => {
    const { client, far } = await rawClient(network);
    client.resetAndDestroy();
    await far.untilClosed();
    expect(far.cause).toMatchObject({ code: "ECONNRESET" });
    expect([far.closes, far.ends]).toEqual([1, 0]);
  });

  check("what is written into a reset connection is dropped, and the close told once", async (network) => {
    const { server, client, far } = await rawClient(network);
    server.pause(); // or the read would tell of the reset before the write can
    client.resetAndDestroy();
    await new Promise((resolve) => client.once("close", resolve));
    server.write(pattern(10));
    server.write(pattern(10));
    expect(server.unsentBytes).toBeGreaterThan(0); // so that nobody goes on to produce more until the close is told
    await far.untilClosed();
    expect(server.unsentBytes).toBe(0);
    expect(far.cause).toBeInstanceOf(Error);
    expect(far.closes).toBe(1);
  });

  check("an exception in an event callback surfaces", async (network) => {
    const { server, client, far } = await rawClient(network);
    const bug = new Error("a bug in onBytes");
    far.afterBytes = () => {
      throw bug;
    };
    const surfaced = nextUncaught();
    client.write("x");
    expect(await surfaced).toBe(bug);
    client.destroy();
    server.destroy();
    await far.untilClosed();
  });

  check("reads share one buffer exactly if asked to", async (network) => {
    const { client, server } = await rawClient(network, { start: false });
    const seen = new Set<ArrayBufferLike>();
    const far = new Recorder();
    server.start({
      onBytes: (bytes, length) => {
        seen.add(bytes.buffer);
        far.onBytes(bytes, length);
      },
      onDrain: () => undefined,
      onEnd: () => undefined,
      onClose: () => undefined,
    });
    for (let i = 1; i <= 5; i++) {
      client.write(Buffer.alloc(60_000, i));
      await far.untilReceived(i * 60_000);
    }
    expect(seen.size === 1).toBe(sharedReads);
  });

  check("connections of one network do not see each other's bytes", async (network) => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => rawClient(network)));
    for (let round = 0; round < 50; round++) {
      clients.forEach(({ client }, i) => {
        client.write(Buffer.alloc(10, i));
      });
    }
    await Promise.all(clients.map(({ far }) => far.untilReceived(500)));
    clients.forEach(({ far }, i) => {
      expect(far.received).toEqual(Array(500).fill(i));
    });
  });

  check("connect gives up after its timeout", async (network) => {
    // 192.0.2.0/24 is nobody's (RFC 5737): no answer, or at once that there is no route.
    const failure = network.connect({ host: "192.0.2.1", port: 1, timeoutMs: 20 });
    await expect(failure).rejects.toMatchObject({ code: "IO", outcome: "not-applied" });
  });
});

/** Closes at the end whatever a test left open, so that no test keeps another one's port or worker. */
class Tracked implements Network {
  readonly #network: Network;
  readonly #connections: Connection[] = [];
  readonly #listeners: Listener[] = [];

  constructor(network: Network) {
    this.#network = network;
  }

  async listen(options: Parameters<Network["listen"]>[0], accept: (connection: Connection) => void) {
    const listener = await this.#network.listen(options, (connection) => {
      this.#connections.push(connection);
      accept(connection);
    });
    this.#listeners.push(listener);
    return listener;
  }

  async connect(options: Parameters<Network["connect"]>[0]) {
    const connection = await this.#network.connect(options);
    this.#connections.push(connection);
    return connection;
  }

  async closeAll(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    for (const listener of this.#listeners) await listener.close();
  }
}

/** A plain socket into a listener of `network`, and the connection it became there. */
async function rawClient(network: Network, { start = true } = {}) {
  const far = new Recorder();
  let accepted: (connection: Connection) => void;
  const arrival = new Promise<Connection>((resolve) => {
    accepted = resolve;
  });
  const listener = await network.listen({ host: HOST, port: 0 }, (connection) => {
    if (start) connection.start(far);
    accepted(connection);
  });
  const client = connect({ host: HOST, port: listener.port, noDelay: true });
  return { client, far, server: await arrival };
}

function readToEnd(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes.toString();
    });
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
  });
}

/** Takes the place of the test runner's own listeners for one uncaught exception. */
function nextUncaught(): Promise<unknown> {
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  return new Promise((resolve) => {
    process.once("uncaughtException", (error) => {
      for (const listener of others) process.on("uncaughtException", listener);
      resolve(error);
    });
  });
}

function textOf(bytes: readonly number[]): string {
  return String.fromCharCode(...bytes);
}
