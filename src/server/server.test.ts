/** What the server holds for its clients, and whom it closes when that is too much: with connections made by hand. */
import { beforeEach, describe, expect, test } from "vitest";
import { silentLogger } from "../base/logger.ts";
import { openNode } from "../node/node.ts";
import { DEFAULT_SETTINGS, type NodeSettings } from "../node/settings.ts";
import type { Connection, ConnectionEvents, ListenOptions } from "../runtime/runtime.ts";
import { SimWorld } from "../sim/sim-runtime.ts";
import { createCommandTable } from "./commands.ts";
import { Server } from "./server.ts";

const MIB = 1024 * 1024;

let world: SimWorld;
let server: Server;
let connect: () => HandmadeConnection;
let failAccept: () => void;
let logged: string[];
/** How much later it is whenever somebody looks at the clock. */
let tickMs: number;

beforeEach(() => start({}));

async function start(settings: Partial<NodeSettings>): Promise<void> {
  const accept: ((connection: Connection) => void)[] = [];
  world = new SimWorld("server");
  tickMs = 0;
  const base = world.runtime("a");
  const { clock } = base;
  let ticks = 0;
  const runtime = {
    ...base,
    clock: {
      monotonicMs: () => {
        ticks += tickMs;
        return clock.monotonicMs() + ticks;
      },
      wallMs: () => clock.wallMs(),
      sleep: (delayMs: number, signal?: AbortSignal) => clock.sleep(delayMs, signal),
      every: (intervalMs: number, tick: () => void) => clock.every(intervalMs, tick),
      defer: (task: () => void) => clock.defer(task),
    },
    network: {
      async listen(options: ListenOptions, onConnection: (connection: Connection) => void) {
        accept.push(onConnection);
        failAccept = () => options.onAcceptFailure?.(new Error("ENOBUFS"));
        return { host: "127.0.0.1", port: 6379, close: async () => undefined };
      },
      connect: () => Promise.reject(new Error("nobody calls")),
    },
  };
  const complete: NodeSettings = { ...DEFAULT_SETTINGS, storage: "memory", ...settings };
  const node = await openNode(runtime, complete, silentLogger);
  const commands = createCommandTable();
  logged = [];
  const logger = { ...silentLogger, error: (_fields: unknown, text: string) => void logged.push(text) };
  server = new Server({ runtime, node, settings: complete, logger, commands });
  await server.listen();
  connect = () => {
    const connection = new HandmadeConnection();
    accept[0]!(connection);
    return connection;
  };
}

/** Takes everything written to it, unless it `isStuck`: then nothing, until `drain`. Closed only by `vanish`. */
class HandmadeConnection implements Connection {
  readonly peer = "127.0.0.1:50000";
  readonly local = "127.0.0.1:6379";
  unsentBytes = 0;
  isStuck = false;
  isDestroyed = false;
  hasEnded = false;
  isPaused = false;
  written = "";
  #events!: ConnectionEvents;

  start(events: ConnectionEvents): void {
    this.#events = events;
  }

  /** Each text arrives by itself, and all in one turn. */
  say(...texts: string[]): void {
    this.#arrive(texts);
    server.outbox.flush(); // the turn is over
  }

  /** As `say`; nothing will follow. */
  sayLast(...texts: string[]): void {
    this.#arrive(texts);
    this.#events.onEnd();
    server.outbox.flush();
  }

  drain(): void {
    this.unsentBytes = 0;
    this.#events.onDrain();
  }

  vanish(): void {
    this.#events.onClose(undefined);
  }

  write(bytes: Uint8Array): boolean {
    if (this.isDestroyed) return true;
    this.written += Buffer.from(bytes).toString("latin1");
    if (this.isStuck) this.unsentBytes += bytes.length;
    return !this.isStuck;
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    this.hasEnded = true;
    if (!this.isStuck) this.isDestroyed = true;
  }

  #arrive(texts: readonly string[]): void {
    for (const text of texts) {
      const bytes = Buffer.from(text, "latin1");
      this.#events.onBytes(bytes, bytes.length);
    }
  }
}

/** The beginning of a SET that lacks at least one byte of its value. */
function partOfRequest(valueBytes: number): string {
  return `*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${64 * MIB}\r\n${"v".repeat(valueBytes)}`;
}

function storeValue(sizeBytes: number): void {
  const client = connect();
  client.say(
    `*4\r\n$8\r\nSETRANGE\r\n$5\r\nvalue\r\n$${`${sizeBytes - 1}`.length}\r\n${sizeBytes - 1}\r\n$1\r\nx\r\n`,
  );
  expect(client.written).toBe(`:${sizeBytes}\r\n`);
  client.vanish();
}

test("a request that is not whole counts while it is there", () => {
  const client = connect();
  const before = server.clientBytes;
  client.say(partOfRequest(100_000));
  expect(server.clientBytes - before).toBeGreaterThan(100_000);
  client.vanish();
  expect(server.clientBytes).toBe(before);
});

test("replies that a client has read in the end no longer count, however little it was behind", () => {
  storeValue(300_000);
  const client = connect();
  const before = server.clientBytes;
  client.isStuck = true;
  client.say("GET value\r\n");
  expect(server.clientBytes - before).toBeGreaterThan(300_000);
  client.drain();
  expect(server.clientBytes).toBe(before);
});

test("names count, and no longer when they are taken back", () => {
  const client = connect();
  const before = server.clientBytes;
  client.say(`CLIENT SETNAME ${"n".repeat(50_000)}\r\n`);
  client.say(`CLIENT SETINFO LIB-NAME ${"n".repeat(20_000)}\r\n`);
  client.say(`CLIENT SETINFO LIB-VER ${"n".repeat(10_000)}\r\n`);
  expect(client.written).toBe("+OK\r\n".repeat(3));
  expect(server.clientBytes - before).toBe(80_000);
  client.vanish();
  expect(server.clientBytes).toBe(before);
});

test("when clients hold too much, those that hold the most are closed, and no more of them than needed", async () => {
  await start({ clientMemoryBytesMax: 4 * MIB });
  const idle = connect();
  const sizes = [100_000, 900_000, 200_000, 800_000, 300_000];
  const clients = sizes.map((sizeBytes) => {
    const client = connect();
    client.say(partOfRequest(sizeBytes));
    return client;
  });
  expect(clients.map(({ isDestroyed }) => isDestroyed)).toEqual([false, true, false, false, false]);
  idle.say("PING\r\n");
  expect(idle.written).toBe("+PONG\r\n");
});

test("a client counts no more from the moment it is closed, though its connection goes later", async () => {
  await start({ clientMemoryBytesMax: MIB });
  const before = server.clientBytes;
  const [hungry, modest] = [connect(), connect()];
  hungry.say(partOfRequest(MIB / 2));
  expect([hungry.isDestroyed, server.statistics.evictedClients]).toEqual([true, 1]);
  expect(server.clientBytes).toBe(before);
  for (let i = 0; i < 10; i++) modest.say(partOfRequest(1_000));
  hungry.drain();
  hungry.vanish();
  modest.vanish();
  expect([modest.isDestroyed, server.statistics.evictedClients]).toEqual([false, 1]);
  expect(server.clientBytes).toBe(before);
});

test("spared clients are closed last, as long as they hold no more than half of what all may", async () => {
  await start({ clientMemoryBytesMax: 4 * MIB });
  const [spared, modest, hungry] = [connect(), connect(), connect()];
  spared.say("CLIENT NO-EVICT ON\r\n");
  spared.say(partOfRequest(0.9 * MIB));
  modest.say(partOfRequest(0.3 * MIB));
  hungry.say(partOfRequest(1.5 * MIB));
  expect([spared, modest, hungry].map(({ isDestroyed }) => isDestroyed)).toEqual([false, false, true]);
  const greedy = connect();
  greedy.say("CLIENT NO-EVICT ON\r\n");
  greedy.say(partOfRequest(1.9 * MIB));
  expect([spared, modest, greedy].map(({ isDestroyed }) => isDestroyed)).toEqual([false, false, true]);
});

test("the limit for all clients may be none, or a part of maxmemory", async () => {
  await start({ clientMemoryBytesMax: 0, maxmemoryBytes: 100 * MIB });
  const client = connect();
  client.say(partOfRequest(6 * MIB));
  expect(client.isDestroyed).toBe(false);
  client.vanish();
  server.settings.clientMemoryPercent = 5;
  server.applySettings();
  const other = connect();
  other.say(partOfRequest(6 * MIB));
  expect(other.isDestroyed).toBe(true);
});

test("without a limit of their own, replies may wait for their reader whatever they come to", async () => {
  await start({ outputBufferBytesMax: 0 });
  storeValue(2 * MIB);
  const client = connect();
  client.isStuck = true;
  client.say("GET value\r\n");
  expect(client.isDestroyed).toBe(false);
  expect(client.unsentBytes).toBeGreaterThan(2 * MIB);
});

test("a client that is beyond the soft limit for too long is closed", async () => {
  storeValue(600_000);
  server.settings.outputSoftLimit = { bytes: 500_000, seconds: 5 };
  server.applySettings();
  const [slow, late] = [connect(), connect()];
  slow.isStuck = true;
  late.isStuck = true;
  slow.say("GET value\r\n");
  late.say("GET value\r\n");
  await world.runFor(4_000);
  late.drain();
  await world.runFor(1_000); // looked at once a second
  late.say("GET value\r\n");
  await world.runFor(2_000);
  expect([slow.isDestroyed, late.isDestroyed]).toEqual([true, false]);
  expect(server.statistics.outputLimitCloses).toBe(1);
});

describe("a client that is to be closed and does not take its last reply", () => {
  const endings: readonly [string, (client: HandmadeConnection) => void][] = [
    ["after a protocol error", (client) => client.say("*1\r\n$-1\r\n")],
    ["after QUIT", (client) => client.say("QUIT\r\n")],
    ["after it has said its last", (client) => client.sayLast("PING\r\n")],
  ];

  test.each(endings)("%s: is given time, and then is closed all the same", async (_when, end) => {
    const client = connect();
    client.isStuck = true;
    end(client);
    await world.runFor(9_000);
    expect([client.hasEnded, client.isDestroyed]).toEqual([true, false]);
    await world.runFor(4_000);
    expect(client.isDestroyed).toBe(true);
    client.vanish();
    expect(server.sessions.size).toBe(0);
  });

  test("begins anew with its time whenever it takes some", async () => {
    const client = connect();
    client.isStuck = true;
    client.say("GET value\r\nQUIT\r\n");
    for (let i = 0; i < 5; i++) {
      await world.runFor(9_000);
      client.unsentBytes--;
    }
    expect(client.isDestroyed).toBe(false);
  });

  test("has the more time the more it has to take", async () => {
    storeValue(5 * MIB);
    const client = connect();
    client.isStuck = true;
    client.say("GET value\r\n");
    client.sayLast();
    await world.runFor(20_000);
    expect(client.isDestroyed).toBe(false);
    await world.runFor(20_000);
    expect(client.isDestroyed).toBe(true);
  });
});

describe("a transaction whose replies are too long together", () => {
  const queue = (...calls: string[]): string => `MULTI\r\n${calls.join("\r\n")}\r\nEXEC\r\n`;

  test("is run, and says that it was", async () => {
    await start({ outputBufferBytesMax: MIB });
    storeValue(600_000);
    const client = connect();
    client.say(queue("GET value", "SET a 1", "GET value", "SET b 2"), "MGET a b\r\n");
    const refusal =
      "-OVERLOADED UNKNOWN the transaction was run, but its replies are longer than 1048576 bytes";
    const queued = `+OK\r\n${"+QUEUED\r\n".repeat(4)}`;
    expect(client.written).toBe(`${queued}${refusal}\r\n*2\r\n$1\r\n1\r\n$1\r\n2\r\n`);
  });

  test("leaves no trace in the next one, and that none in its neighbours", async () => {
    await start({ outputBufferBytesMax: MIB });
    storeValue(600_000);
    connect().say(queue("GET value", "GET value"));
    const [sleeper, other] = [connect(), connect()];
    sleeper.say("HELLO 3\r\n");
    const mark = sleeper.written.length;
    sleeper.say(queue("GET none", "DEBUG SLEEP 0", "GET none"));
    other.say(queue("GET none", "ECHO other"));
    await world.runFor(1);
    const afterQueued = (text: string): string => text.slice(text.lastIndexOf("+QUEUED\r\n") + 9);
    expect(afterQueued(sleeper.written.slice(mark))).toBe("*3\r\n_\r\n+OK\r\n_\r\n");
    expect(afterQueued(other.written)).toBe("*2\r\n$-1\r\n$5\r\nother\r\n");
  });
});

test("a client that sends many slow requests at once lets others have their turn in between", async () => {
  const [hog, other] = [connect(), connect()];
  tickMs = 1;
  hog.say("STRLEN none\r\n".repeat(1_000));
  const first = hog.written.length / ":0\r\n".length;
  expect(first).toBeGreaterThan(1);
  expect(first).toBeLessThan(20);
  other.say("PING\r\n");
  expect(other.written).toBe("+PONG\r\n");
  await world.runFor(10);
  server.outbox.flush();
  expect(hog.written).toBe(":0\r\n".repeat(1_000));
});

test("requests that wait for their turn are run before the connection ends, and not after it has gone", async () => {
  const [last, gone] = [connect(), connect()];
  tickMs = 1;
  last.sayLast("STRLEN none\r\n".repeat(100));
  gone.say(`${"STRLEN none\r\n".repeat(100)}SET canary dead\r\n`);
  gone.vanish();
  expect(last.hasEnded).toBe(false);
  await world.runFor(10);
  server.outbox.flush();
  expect(last.written).toBe(":0\r\n".repeat(100));
  expect(last.hasEnded).toBe(true);
  const other = connect();
  other.say("GET canary\r\n");
  expect(other.written).toBe("$-1\r\n");
});

test("connections that cannot be accepted are counted, and told of now and then", async () => {
  for (let i = 0; i < 1_000; i++) failAccept();
  expect(logged).toEqual(["connections cannot be accepted"]);
  await world.runFor(11_000);
  failAccept();
  expect(logged).toHaveLength(2);
  expect(server.statistics.rejectedConnections).toBe(1_001);
});

test("a client past its output limit is closed, and what it sent besides is not run", async () => {
  await start({ outputBufferBytesMax: MIB });
  storeValue(600_000);
  const held = (): number => server.clientBytes - server.writer.capacityBytes;
  const before = held();
  const client = connect();
  client.isStuck = true;
  client.say("GET value\r\nGET value\r\nSET canary dead\r\n");
  expect([client.isDestroyed, server.statistics.outputLimitCloses]).toEqual([true, 1]);
  expect(held()).toBe(before);
  const other = connect();
  other.say("GET canary\r\n");
  expect(other.written).toBe("$-1\r\n");
});

test("replies count that left after the last request was run", () => {
  const client = connect();
  const before = server.clientBytes;
  client.isStuck = true;
  client.say("PING\r\n".repeat(100));
  expect(server.clientBytes - before).toBe(700);
  client.drain();
  expect(server.clientBytes).toBe(before);
});

test("before the connection ends, every reply of the turn leaves", () => {
  const [broken, finished] = [connect(), connect()];
  broken.say("PING\r\n", "*1\r\n$-1\r\n");
  expect(broken.written).toBe("+PONG\r\n-ERR Protocol error: invalid bulk length\r\n");
  finished.sayLast("PING\r\n", "PING\r\n");
  expect(finished.written).toBe("+PONG\r\n+PONG\r\n");
  expect([broken.isDestroyed, finished.isDestroyed]).toEqual([true, true]);
});

test("requests run one after the other, whatever their replies wait for", async () => {
  const client = connect();
  let settle = (): void => undefined;
  const durable = new Promise<void>((resolve) => {
    settle = resolve;
  });
  Object.assign(server.node.engine, { durable: () => durable });
  client.say("SET a 1\r\n", "DEBUG SLEEP 0\r\n");
  client.sayLast("GET a\r\n");
  expect(client.written).toBe("");
  Object.assign(server.node.engine, { durable: () => undefined });
  settle();
  await durable;
  expect(client.written).toBe("+OK\r\n");
  await world.runFor(1);
  expect(client.written).toBe("+OK\r\n+OK\r\n$1\r\n1\r\n");
  expect(client.isDestroyed).toBe(true);
});

test("a client whose request waits is read on until it sends more, and again once it has its reply", async () => {
  const admin = connect();
  admin.say("CLIENT PAUSE 1000\r\n");
  const client = connect();
  client.say("PING\r\n");
  expect([client.written, client.isPaused]).toEqual(["", false]);
  client.say("ECHO more\r\n");
  expect(client.isPaused).toBe(true);
  admin.say("CLIENT UNPAUSE\r\n");
  await world.runFor(1);
  expect([client.written, client.isPaused]).toEqual(["+PONG\r\n$4\r\nmore\r\n", false]);
});
