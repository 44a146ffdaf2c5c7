/** The real redis-cli, looking for keys that are hot, big, or take much memory: at a node alone, and at one of a cluster. */
import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RealCluster } from "./support/cluster/real-cluster.ts";
import { RawClient } from "./support/raw-client.ts";
import { RunningKvorum } from "./support/running-kvorum.ts";

const hasRedisCli = spawnSync("redis-cli", ["--version"]).error === undefined;
if (!hasRedisCli) console.warn("no redis-cli (apt-get install redis-tools): not tried");

const cleanUp: (() => Promise<unknown>)[] = [];
let alone = 0;
let member = 0;

beforeAll(async () => {
  if (!hasRedisCli) return;
  const kvorum = new RunningKvorum([
    "serve",
    "--port",
    "0",
    "--storage",
    "memory",
    "--eviction",
    "allkeys-lfu",
  ]);
  const cluster = await RealCluster.start(3);
  cleanUp.push(
    () => cluster.close(),
    () => {
      kvorum.signal("SIGTERM");
      return kvorum.end();
    },
  );
  alone = await kvorum.ready();
  member = cluster.nodes[0]!.port;
  for (const port of [alone, member]) await fill(port);
});
afterAll(async () => {
  for (const end of cleanUp) await end();
});

async function fill(port: number): Promise<void> {
  const client = await RawClient.connect(port);
  for (let i = 0; i < 30; i++) await client.call("SET", `plain ${i}`, "value");
  await client.call("SET", "the big one", "x".repeat(50_000));
  for (let i = 0; i < 400; i++) await client.call("GET", "the hot one");
  await client.call("SET", "the hot one", "value");
  for (let i = 0; i < 400; i++) await client.call("GET", "the hot one");
  client.close();
}

async function cli(port: number, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("redis-cli", ["-p", `${port}`, ...args]);
  return stdout;
}

describe.runIf(hasRedisCli).each([
  ["a node alone", () => alone],
  ["a member of a cluster", () => member],
])("%s", (_, portOf) => {
  test("redis-cli --hotkeys finds the key that is asked for most", async () => {
    const told = await cli(portOf(), "--hotkeys");
    expect(told).not.toMatch(/ERR|error/i);
    const found = Array.from(told.matchAll(/hot key found with counter: (\d+)\s+keyname: (.+)/g));
    expect(found[0]![2]).toBe('"the hot one"');
    expect(Number(found[0]![1])).toBeGreaterThan(1);
  });

  test("redis-cli --bigkeys finds the longest value, and counts all keys", async () => {
    const told = await cli(portOf(), "--bigkeys");
    expect(told).toMatch(/Biggest string found\s+'?"the big one"'? has 50000 bytes/);
    expect(told).toMatch(/^32 strings with \d+ bytes/m);
  });

  test("redis-cli --memkeys finds what takes most memory", async () => {
    const told = await cli(portOf(), "--memkeys");
    const [, bytes] = /Biggest string found\s+'?"the big one"'? has (\d+) bytes/.exec(told)!;
    expect(Number(bytes)).toBeGreaterThanOrEqual(50_000);
  });
});
