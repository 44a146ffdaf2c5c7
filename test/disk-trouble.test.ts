/** What clients see, through real sockets, of a disk that is full, slow, in use or not a node's. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { silentLogger } from "../src/base/logger.ts";
import { openStore } from "../src/kvorum.ts";
import { DEFAULT_SETTINGS, type NodeSettings } from "../src/node/settings.ts";
import { createNodejsClock } from "../src/runtime/nodejs/clock.ts";
import { createNodejsRuntime } from "../src/runtime/nodejs/nodejs-runtime.ts";
import type { RunningServer } from "../src/server/server.ts";
import { startServer } from "../src/server/start-server.ts";
import { SimRandom } from "../src/sim/sim-random.ts";
import { KillClient } from "./support/kill/kill-client.ts";
import { RawClient } from "./support/raw-client.ts";
import { RunningKvorum } from "./support/running-kvorum.ts";
import { TroubledDisk } from "./support/troubled-disk.ts";

const clock = createNodejsClock();
const nodes: RunningKvorum[] = [];
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kvorum-trouble-"));
});

afterEach(async () => {
  for (const node of nodes) node.signal("SIGKILL");
  await Promise.all(nodes.splice(0).map((node) => node.end()));
  rmSync(directory, { recursive: true, force: true });
});

function serve(...flags: string[]): RunningKvorum {
  const node = new RunningKvorum([
    "serve",
    "--port",
    "0",
    "--storage",
    "disk",
    "--data",
    directory,
    ...flags,
  ]);
  nodes.push(node);
  return node;
}

async function withTrouble(
  settings: Partial<NodeSettings>,
  body: (server: RunningServer, trouble: TroubledDisk) => Promise<void>,
): Promise<void> {
  const runtime = createNodejsRuntime();
  const trouble = new TroubledDisk(runtime.disk);
  const asked = {
    ...DEFAULT_SETTINGS,
    storage: "disk" as const,
    dataDirectory: directory,
    port: 0,
    ...settings,
  };
  const server = await startServer({ ...runtime, disk: trouble.disk }, asked, silentLogger);
  try {
    await body(server, trouble);
  } finally {
    trouble.fault = undefined;
    await server.close();
  }
}

/** Asks again, on a connection of its own, until the reply begins so. */
async function askUntil(port: number, beginning: string, ...call: string[]): Promise<string> {
  for (;;) {
    const client = await RawClient.connect(port);
    const reply = await client.call(...call).then(String, () => "");
    client.close();
    if (reply.startsWith(beginning)) return reply;
    await clock.sleep(10);
  }
}

test.each(["always", "everysec"] as const)(
  "on a full disk writes are refused and reads go on, until there is room again (fsync %s)",
  (fsync) =>
    withTrouble({ fsync }, async ({ port }, trouble) => {
      const client = await RawClient.connect(port);
      expect(`${await client.call("set", "before", "1")}`).toBe("+OK\r\n");
      trouble.fault = (path) => (path.endsWith(".log") ? "ENOSPC" : undefined);
      const refusal = await askUntil(port, "-IO NOTAPPLIED", "set", "refused", "1");
      expect(refusal).toMatch(/^-IO NOTAPPLIED disk full: /);
      const reader = await RawClient.connect(port);
      expect(`${await reader.call("get", "before")}`).toBe("$1\r\n1\r\n");
      expect(`${await reader.call("incr", "before")}`).toMatch(/^-IO NOTAPPLIED disk full: /);
      expect(`${await reader.call("mget", "before")}`).toBe("*1\r\n$1\r\n1\r\n");
      if (fsync === "always") {
        const doubtful = `${await reader.call("get", "refused")}`;
        expect(doubtful).toMatch(
          /^-IO NOTAPPLIED disk full: .*; what was written to this key last is not on the disk/,
        );
      }
      trouble.fault = undefined;
      await askUntil(port, "+OK", "set", "after", "1");
      expect(`${await reader.call("incr", "before")}`).toBe(":2\r\n");
      expect(`${await reader.call("get", "refused")}`).toMatch(/^\$(-1|1\r\n1)\r\n$/);
    }),
);

test("under fsync always nobody reads what is not on the disk, and replies keep their order when it is", () =>
  withTrouble({ fsync: "always" }, async ({ port }, trouble) => {
    const writer = await RawClient.connect(port);
    const reader = await RawClient.connect(port);
    await writer.call("set", "k", "old");
    let release = (): void => undefined;
    trouble.gate = new Promise((resolve) => {
      release = resolve;
    });
    const held = new Promise<void>((resolve) => {
      trouble.onHeld = resolve;
    });
    const events: string[] = [];
    const written = writer.send([
      ["set", "k", "new"],
      ["get", "k"],
      ["get", "nothing"],
      ["incr", "n"],
    ]);
    void written.then(() => events.push("written"));
    await held;
    const read = reader.call("get", "k");
    void read.then(() => events.push("read"));
    await clock.sleep(100); // what should not come has time to come
    events.push("released");
    trouble.gate = undefined;
    release();
    expect((await written).join("")).toBe("+OK\r\n$3\r\nnew\r\n$-1\r\n:1\r\n");
    expect(`${await read}`).toBe("$3\r\nnew\r\n");
    expect(events[0]).toBe("released");
  }));

test.each(["always", "everysec"] as const)(
  "while the disk does not answer writes are refused after a while and reads go on, until it does (fsync %s)",
  (fsync) =>
    withTrouble({ fsync, diskTimeoutMs: 200 }, async ({ port }, trouble) => {
      const client = await RawClient.connect(port);
      expect(`${await client.call("set", "before", "1")}`).toBe("+OK\r\n");
      let answer = (): void => undefined;
      trouble.gate = new Promise((resolve) => {
        answer = resolve;
      });
      const refusal = await askUntil(port, "-IO NOTAPPLIED", "set", "refused", "1");
      expect(refusal).toMatch(/^-IO NOTAPPLIED the disk does not answer: .*\.log has been waited for \d+ s/);
      const reader = await RawClient.connect(port);
      expect(`${await reader.call("get", "before")}`).toBe("$1\r\n1\r\n");
      const told = `${await reader.call("info", "kvorum_disk")}`;
      expect(told).toContain("lsm_refuses_writes:1\r\nlsm_refusal:the disk does not answer");
      trouble.gate = undefined;
      answer();
      await askUntil(port, "+OK", "set", "after", "1");
      expect(`${await reader.call("info", "kvorum_disk")}`).toContain(
        "lsm_refuses_writes:0\r\nlsm_refusal:\r\n",
      );
    }),
);

test("FLUSHALL does not wait for a disk that is full: it says that a crash may bring the keys back", () =>
  withTrouble({}, async ({ port }, trouble) => {
    const client = await RawClient.connect(port);
    await client.call("set", "before", "1");
    trouble.fault = (path) => (path.includes("MANIFEST") ? "ENOSPC" : undefined);
    expect(`${await client.call("flushall")}`).toMatch(/^-IO UNKNOWN disk full: /);
    expect(`${await client.call("dbsize")}`).toBe(":0\r\n");
    expect(`${await client.call("set", "after", "1")}`).toBe("+OK\r\n");
    trouble.fault = undefined;
    expect(`${await client.call("flushall")}`).toBe("+OK\r\n");
  }));

test("SIGTERM under load loses nothing that was acknowledged, and the node starts again", async () => {
  const first = serve("--fsync", "always", "--memtable", "1mb");
  const port = await first.ready();
  const random = new SimRandom("sigterm");
  const clients = [0, 1, 2].map((i) => new KillClient(random.fork(`client ${i}`), 2 * i, 2 * i + 1));
  let repliesLeft = 3_000;
  const onReplies = (count: number): void => {
    repliesLeft -= count;
    if (repliesLeft <= 0) first.signal("SIGTERM");
  };
  await Promise.all(clients.map((client) => client.run(port, onReplies)));
  expect(await first.end()).toMatchObject({ exitCode: 0 });
  expect(readdirSync(directory)).not.toContain("LOCK");
  const again = await serve().ready();
  for (const client of clients) expect(await client.check(again)).toBeUndefined();
});

test("a second node in the same directory ends with 1, says who has it, and does no harm", async () => {
  const first = serve();
  const port = await first.ready();
  const { exitCode, output, errors } = await serve().end();
  expect({ exitCode, output }).toEqual({ exitCode: 1, output: "" });
  expect(errors).toContain(`cannot be used: another process has it (in use by process ${first.pid})`);
  expect(await askUntil(port, "+OK", "set", "k", "v")).toBe("+OK\r\n");
});

test("a directory that cannot be one ends it with 1, and says why", async () => {
  writeFileSync(join(directory, "file"), "");
  const { exitCode, errors } = await serve("--data", join(directory, "file", "data")).end();
  expect(exitCode).toBe(1);
  expect(errors).toContain("there is a file of that name, or one is on its path");
});

test("a node and an embedded store refuse each other's directories", async () => {
  const store = await openStore(directory);
  await store.put("k", "v");
  await store.close();
  const { exitCode, errors } = await serve().end();
  expect(exitCode).toBe(1);
  expect(errors).toContain("it is an embedded store (openStore), not a node's");
  const again = await openStore(directory);
  expect(await again.get("k")).toBe("v");
  await again.close();
  rmSync(directory, { recursive: true });
  const client = await RawClient.connect(await serve().ready());
  expect(`${await client.call("kv.checkpoint", "copy")}`).toContain("checkpoints/copy");
  const inCopy = await openStore(join(directory, "checkpoints", "copy")).catch((error: unknown) => error);
  expect(inCopy).toMatchObject({ cause: { code: "LEVEL_FOREIGN" } });
});
