/** A real node one of whose tables is damaged under it: it starts anew in its own process, once, and is given what it lacks. */
import { closeSync, openSync, readdirSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { RealCluster, type RealNode } from "./support/cluster/real-cluster.ts";
import { until } from "./support/cluster/until.ts";
import { RawClient } from "./support/raw-client.ts";

const KEYS = 1_500;
const VALUE = "v".repeat(2_000);
const PATIENCE_MS = 120_000;

let cluster: RealCluster | undefined;

afterEach(async () => {
  await cluster?.close();
  cluster = undefined;
});

test("a damaged table is met, the node starts anew once, and has all its rows again", {
  timeout: 300_000,
}, async () => {
  const options = ["--fsync", "everysec", "--memtable", "1mb", "--block-cache", "1mb"];
  cluster = await RealCluster.start(3, { options });
  const [first, second] = cluster.nodes;
  const client = await RawClient.connect(first!.port);
  for (let i = 0; i < KEYS; i++) await client.call("set", `k:${i}`, VALUE);
  client.close();
  await cluster.withoutHints();
  await until("rows are in tables", async () => tablesOf(second!).length > 0, PATIENCE_MS);
  const pid = second!.pid;
  for (const path of tablesOf(second!)) damage(path);

  await readAll(second!).catch(() => undefined); // it may start anew in the middle
  await until("it has started anew", async () => startsAnew(second!) === 1, PATIENCE_MS);
  await until("it has all its rows", async () => (await rowCount(second!)) === KEYS, PATIENCE_MS);
  await cluster.whole();
  const refused = await readAll(second!);
  expect(refused).toBe(0);
  expect([second!.pid, startsAnew(second!)]).toEqual([pid, 1]);
  expect(startsAnew(first!)).toBe(0);
});

function tablesOf(node: RealNode): string[] {
  const directory = join(node.dataDirectory, "tables");
  return readdirSync(directory)
    .filter((name) => name.endsWith(".sst"))
    .map((name) => join(directory, name));
}

function damage(path: string): void {
  if (statSync(path).size < 100) return;
  const file = openSync(path, "r+");
  writeSync(file, Buffer.from([0xff, 0x00, 0xff, 0x00]), 0, 4, 20);
  closeSync(file);
}

function startsAnew(node: RealNode): number {
  return node.log.split("starting anew with what is whole").length - 1;
}

/** Resolves to how many were refused. Whatever is damaged here comes from another node. */
async function readAll(node: RealNode): Promise<number> {
  const client = await RawClient.connect(node.port);
  let refused = 0;
  try {
    for (let i = 0; i < KEYS; i++) {
      const reply = await client.call("kv.with", "read", "one", "--", "get", `k:${i}`);
      if (reply[0] !== 0x24) refused++;
    }
  } finally {
    client.close();
  }
  return refused;
}

/** Of its own copies; -1 while nobody answers. */
async function rowCount(node: RealNode): Promise<number> {
  try {
    const client = await RawClient.connect(node.port);
    const text = String(await client.call("info", "keyspace"));
    client.close();
    return Number(/db0:keys=(\d+)/.exec(text)?.[1] ?? 0);
  } catch {
    return -1; // it is starting
  }
}
