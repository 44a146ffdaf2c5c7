/** A node that has lost its rows, but not its place in the cluster, gets them back when `kvorum repair` is asked to. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RealCluster, type RealNode } from "./support/cluster/real-cluster.ts";
import { RawClient } from "./support/raw-client.ts";
import { RunningKvorum } from "./support/running-kvorum.ts";

const KEYS = 2_000;

let cluster: RealCluster;

beforeAll(async () => {
  cluster = await RealCluster.start(3, { options: ["--fsync", "everysec"] });
});

afterAll(() => cluster?.close());

async function ask(node: RealNode, ...call: readonly string[]): Promise<string> {
  const client = await RawClient.connect(node.port);
  try {
    return String(await client.call(...call));
  } finally {
    client.close();
  }
}

/** Of this node's own copies. */
async function ownKeys(node: RealNode): Promise<number> {
  return Number(/db0:keys=(\d+)/.exec(await ask(node, "info", "keyspace"))?.[1] ?? 0);
}

test("kvorum repair brings back what a node has lost, and says what it moved", {
  timeout: 120_000,
}, async () => {
  const [first, victim] = cluster.nodes as [RealNode, RealNode];
  for (let i = 0; i < KEYS; i += 100) {
    const pairs = Array.from({ length: 100 }, (_, j) => [`key:${i + j}`, `value ${i + j}`]).flat();
    expect(await ask(first, "mset", ...pairs)).toBe("+OK\r\n");
  }
  await victim.stop();
  for (const name of readdirSync(victim.dataDirectory)) {
    if (/^(log|tables|CURRENT|MANIFEST.*)$/.test(name))
      rmSync(join(victim.dataDirectory, name), { recursive: true });
  }
  await cluster.start(victim);
  await cluster.whole();
  expect(await ownKeys(victim)).toBeLessThan(KEYS);
  const port = ["--port", `${first.port}`];
  const repaired = await new RunningKvorum(["repair", ...port]).end();
  expect(repaired).toMatchObject({ exitCode: 0, errors: "" });
  expect(repaired.output).toContain(" rows were moved. All copies are equal now.\n");
  expect(await ownKeys(victim)).toBe(KEYS);
  const again = await new RunningKvorum(["repair", "--json", "--slots", "0-9999", ...port]).end();
  const nodes = JSON.parse(again.output) as { status: { slots: number; pulled: number; pushed: number } }[];
  expect(nodes.map(({ status }) => [status.slots, status.pulled, status.pushed])).toEqual([
    [20_000, 0, 0],
    [20_000, 0, 0],
    [20_000, 0, 0],
  ]);
  expect(await ask(victim, "info", "cluster")).toMatch(/kvorum_repair_rounds:[1-9]/);
});

test("who asks wrongly, or a node alone, is told so", async () => {
  const port = ["--port", `${cluster.nodes[0]!.port}`];
  expect(await new RunningKvorum(["repair", "--slots", "x", ...port]).end()).toMatchObject({
    exitCode: 2,
    errors: 'kvorum: slots must be a number or two with a hyphen, but flag --slots says "x"\n',
  });
  const wrong = await new RunningKvorum(["repair", "--slots", "9-5", ...port]).end();
  expect(wrong.exitCode).toBe(1);
  expect(wrong.output).toContain("slots are 0 to 16383");
  expect(await ask(cluster.nodes[0]!, "kv.repair", "1")).toBe("-ERR syntax error\r\n");
});
