/**
 * Six processes in two datacenters, with 80 ms between their peer ports: a local quorum does not pay them, each quorum does, a value
 * crosses once; severed, both go on, and afterwards all six have the same. KVORUM_SEVERED_MS says for how long.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createNodejsClock } from "../src/runtime/nodejs/clock.ts";
import { FarProxies } from "./support/cluster/far-proxy.ts";
import { RealCluster, type RealNode } from "./support/cluster/real-cluster.ts";
import { until } from "./support/cluster/until.ts";
import { RawClient } from "./support/raw-client.ts";

const FAR_MS = 80;
const REQUESTS = 100;
const VALUE_BYTES = 10_000;
const VALUES = 60;
const SEVERED_MS = Number(process.env.KVORUM_SEVERED_MS ?? 12_000);

const clock = createNodejsClock();
const proxies = new FarProxies();
const clients = new Map<RealNode, RawClient>();
let both: RealCluster;
let alone: RealCluster;

beforeAll(async () => {
  alone = await RealCluster.start(3, { options: ["--storage", "memory"] });
  both = await RealCluster.start(6, {
    options: ["--storage", "memory"],
    optionsOf: Array.from({ length: 6 }, (_, i) => ["--dc", datacenterOf(i)]),
    frontOf: (i, peerPort) => proxies.put(peerPort, datacenterOf(i)),
  });
  const { members } = await both.nodes[0]!.status();
  proxies.datacenters = new Map(members.map(({ id, datacenter }) => [id, datacenter]));
  proxies.farMs = FAR_MS;
  await clock.sleep(12_000); // the node's own measure of time: nobody is known to have been down lately
}, 120_000);

afterAll(async () => {
  for (const client of clients.values()) client.close();
  await both?.close();
  await alone?.close();
  await proxies.close();
});

function datacenterOf(index: number): string {
  return index < 3 ? "west" : "east";
}

async function ask(node: RealNode, ...call: readonly string[]): Promise<string> {
  const client = clients.get(node) ?? (await RawClient.connect(node.port));
  clients.set(node, client);
  return String(await client.call(...call));
}

const at = (level: string, ...call: readonly string[]): readonly string[] => {
  return ["KV.WITH", "READ", level, "WRITE", level, "--", ...call];
};

/** In milliseconds, sorted. */
async function times(
  node: RealNode,
  level: string,
  call: (i: number) => readonly string[],
): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < REQUESTS; i++) {
    const startedMs = clock.monotonicMs();
    expect(await ask(node, ...at(level, ...call(i)))).not.toMatch(/^-/);
    all.push(clock.monotonicMs() - startedMs);
  }
  return all.sort((a, b) => a - b);
}

const part = (sorted: readonly number[], share: number): number => sorted[Math.floor(sorted.length * share)]!;
const shown = (sorted: readonly number[]): string =>
  `${part(sorted, 0.5).toFixed(1)} ms, p99 ${part(sorted, 0.99).toFixed(1)}`;

test("a local quorum does not pay the way, each quorum does", { timeout: 240_000 }, async () => {
  for (const [name, call] of [
    ["SET", (i: number) => ["SET", `k${i}`, `v${i}`]],
    ["GET", (i: number) => ["GET", `k${i}`]],
  ] as const) {
    const one = await times(alone.nodes[0]!, "quorum", call);
    const local = await times(both.nodes[0]!, "local_quorum", call);
    const each = await times(both.nodes[0]!, "each_quorum", call);
    console.log(
      `${name} in one datacenter alone ${shown(one)}; local_quorum ${shown(local)}; each_quorum ${shown(each)}`,
    );
    expect(part(local, 0.5)).toBeLessThan(2 * FAR_MS);
    expect(each[0]).toBeGreaterThanOrEqual(2 * FAR_MS);
  }
});

test("a value crosses once", { timeout: 120_000 }, async () => {
  const before = proxies.crossedBytes;
  await clock.sleep(5_000);
  const quietBytesPerMs = (proxies.crossedBytes - before) / 5_000;
  const [startedMs, from] = [clock.monotonicMs(), proxies.crossedBytes];
  const value = "x".repeat(VALUE_BYTES);
  for (let i = 0; i < VALUES; i++) {
    expect(await ask(both.nodes[i % 6]!, ...at("local_quorum", "SET", `big${i}`, value))).toBe("+OK\r\n");
  }
  await clock.sleep(1_000);
  const crossed = proxies.crossedBytes - from - quietBytesPerMs * (clock.monotonicMs() - startedMs);
  console.log(
    `a value of ${VALUE_BYTES} bytes crosses ${(crossed / (VALUES * VALUE_BYTES)).toFixed(3)} times`,
  );
  expect(crossed / (VALUES * VALUE_BYTES)).toBeGreaterThan(0.9);
  expect(crossed / (VALUES * VALUE_BYTES)).toBeLessThan(1.5);
});

test("severed both go on, and afterwards all six have the same", {
  timeout: SEVERED_MS + 240_000,
}, async () => {
  const [west, east] = [both.nodes.slice(0, 3), both.nodes.slice(3)];
  expect(await ask(west[0]!, ...at("all", "SET", "counter", "0"))).toBe("+OK\r\n");
  proxies.sever();
  const untilMs = clock.monotonicMs() + SEVERED_MS;
  const slowest = { west: 0, east: 0 };
  let rounds = 0;
  for (; clock.monotonicMs() < untilMs; rounds++) {
    for (const [side, nodes] of Object.entries({ west, east }) as [keyof typeof slowest, RealNode[]][]) {
      const startedMs = clock.monotonicMs();
      const node = nodes[rounds % 3]!;
      expect(await ask(node, ...at("local_quorum", "SET", `${side}${rounds}`, `${rounds}`))).toBe("+OK\r\n");
      expect(await ask(node, ...at("local_quorum", "SET", "both", `${side}${rounds}`))).toBe("+OK\r\n");
      expect(await ask(node, ...at("local_quorum", "INCR", "counter"))).toBe(`:${rounds + 1}\r\n`);
      slowest[side] = Math.max(slowest[side], clock.monotonicMs() - startedMs);
    }
    await clock.sleep(100);
  }
  proxies.heal();
  const healedMs = clock.monotonicMs();
  for (const node of both.nodes) {
    await until(`${node.name} has all`, async () => {
      const counter = await ask(node, ...at("one", "GET", "counter"));
      if (!counter.endsWith(`\r\n${2 * rounds}\r\n`)) return false;
      for (let i = 0; i < rounds; i++) {
        for (const side of ["west", "east"]) {
          if ((await ask(node, ...at("one", "GET", `${side}${i}`))) === "$-1\r\n") return false;
        }
      }
      const siblings = await ask(node, ...at("one", "KV.GET", "both"));
      return siblings.includes(`west${rounds - 1}`) && siblings.includes(`east${rounds - 1}`);
    });
  }
  const tookMs = clock.monotonicMs() - healedMs;
  console.log(
    `severed for ${SEVERED_MS / 1_000} s: three requests took ${slowest.west.toFixed(0)} and ${slowest.east.toFixed(0)} ms at worst; ` +
      `all six had everything ${(tookMs / 1_000).toFixed(1)} s after the way was free`,
  );
});
