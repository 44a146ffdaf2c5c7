/** The metrics of real nodes, three of them, as Prometheus reads them. */
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TraceStatus } from "../src/server/commands/kv-trace.ts";
import { RealCluster, type RealNode } from "./support/cluster/real-cluster.ts";
import { until } from "./support/cluster/until.ts";
import { RawClient } from "./support/raw-client.ts";

let cluster: RealCluster;

beforeAll(async () => {
  cluster = await RealCluster.start(3, { options: ["--fsync", "always"] });
});
afterAll(() => cluster.close());

async function metricsOf({ adminPort }: RealNode): Promise<string> {
  return (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
}

/** The metrics once they are so. */
async function seen(what: string, node: RealNode, isSo: (text: string) => boolean): Promise<string> {
  let text = "";
  await until(what, async () => {
    text = await metricsOf(node);
    return isSo(text);
  });
  return text;
}

/** The values of a metric's samples whose labels have this in them. */
function values(text: string, name: string, labels = ""): number[] {
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.filter((line) => line.includes(labels)).map((line) => Number(line.split(" ").at(-1)));
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

test("latency has its phases, and promtool finds nothing to say against it all", async () => {
  const node = cluster.nodes[0]!;
  const client = await RawClient.connect(node.port);
  for (let i = 0; i < 50; i++) {
    await client.call("SET", `key ${i}`, "value");
    await client.call("GET", `key ${i}`);
  }
  client.close();
  const text = await seen(
    "all writes are counted",
    node,
    (told) => sum(values(told, "kvorum_command_duration_seconds_count", "write")) >= 50,
  );
  for (const phase of ["local", "quorum", "disk"])
    expect(sum(values(text, "kvorum_phase_duration_seconds_count", phase)), phase).toBeGreaterThan(0);

  for (const metric of ["kvorum_disk_free_bytes", "kvorum_disk_size_bytes", "kvorum_log_syncs_total"])
    expect(sum(values(text, metric)), metric).toBeGreaterThan(0);
  expect(values(text, "kvorum_replication_lag_seconds")).toHaveLength(2);
  expect(values(text, "kvorum_peer_up")).toEqual([1, 1]);
  expect(sum(values(text, "kvorum_tables"))).toBeGreaterThanOrEqual(0);
  expect(sum(values(text, "process_cpu_seconds_total"))).toBeGreaterThan(0);
  const checked = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
  if (checked.error !== undefined) console.info("promtool is not here: the text was not checked by it");
  else expect(`${checked.stdout}${checked.stderr}`).toBe("");
});

test("a trace tells of each replica that was asked", async () => {
  const client = await RawClient.connect(cluster.nodes[0]!.port);
  const trace = async (...call: string[]) => {
    const reply = (await client.call("KV.TRACE", ...call)).toString();
    return JSON.parse(reply.slice(reply.indexOf("\r\n") + 2)) as TraceStatus;
  };
  const written = await trace("SET", "traced", "value");
  expect(written).toMatchObject({ command: "set", keptHere: true, error: null });
  const own = ({ steps }: TraceStatus) => steps.filter(({ depth }) => depth === 0).map(({ step }) => step);
  expect(own(written).sort()).toEqual(["disk", "local", "write to a replica", "write to a replica"]);
  expect(new Set(written.steps.map(({ name }) => name))).toEqual(new Set(["node-1", "node-2", "node-3"]));
  for (const { tookUs, failure } of written.steps) expect([tookUs! >= 0, failure]).toEqual([true, null]);
  const read = await trace("GET", "traced");
  expect(own(read)).toEqual(["local", "compare with a replica"]);
  expect(read.totalUs).toBeGreaterThanOrEqual(read.steps[1]!.tookUs!);
  expect((await client.call("KV.TRACE", "PING")).toString()).toMatch(/^-ERR KV.TRACE runs commands on keys/);
  client.close();
});

test("a node's status tells where others have their admin doors, and what they use", async () => {
  const [node, ...others] = cluster.nodes;
  const status = (await (await fetch(`http://127.0.0.1:${node!.adminPort}/api/status`)).json()) as {
    readonly members: readonly {
      readonly name: string;
      readonly adminPort: number | null;
      readonly load: { readonly usedMemory: number | null; readonly diskBytes: number | null } | null;
    }[];
  };
  for (const { name, adminPort } of others) {
    const member = status.members.find((each) => each.name === name)!;
    expect(member.adminPort).toBe(adminPort);
    expect(member.load!.usedMemory).toBeGreaterThan(0);
    expect(member.load!.diskBytes).toBeGreaterThanOrEqual(0);
  }
});

test("a node that is down lags behind, and no more once it is back", async () => {
  const [node, victim] = [cluster.nodes[0]!, cluster.nodes[1]!];
  await victim.kill();
  const client = await RawClient.connect(node.port);
  for (let i = 0; i < 20; i++) await client.call("SET", `late ${i}`, "value");
  client.close();
  const lagging = await seen(
    "the node lags",
    node,
    (text) => Math.max(...values(text, "kvorum_replication_lag_seconds")) > 0.5,
  );
  expect(values(lagging, "kvorum_peer_up").sort()).toEqual([0, 1]);
  expect(sum(values(lagging, "kvorum_hints_pending"))).toBeGreaterThan(0);
  await cluster.start(victim);
  await seen(
    "it lags no more",
    node,
    (text) =>
      sum(values(text, "kvorum_hints_pending")) === 0 &&
      Math.max(...values(text, "kvorum_replication_lag_seconds")) < 0.5,
  );
});
