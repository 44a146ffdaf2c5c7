/**
 * Two datacenters of three nodes, 80 ms from each other: who asks for its own datacenter only does not pay the way, who asks for
 * both does, a value crosses once, and what each did while they were severed comes together.
 */
import { describe, expect, test } from "vitest";
import { planCluster } from "../src/sim/world/cluster-plan.ts";
import { DoorClient } from "../src/sim/world/door-client.ts";
import { SimCluster } from "../src/sim/world/sim-cluster.ts";

/** One way. */
const FAR_MS = 80;
const KEYS = 200;
const VALUE_BYTES = 2_000;

interface Town {
  readonly cluster: SimCluster;
  readonly east: readonly string[];
  readonly west: readonly string[];
  call(node: string, ...words: string[]): Promise<unknown>;
  /** Of so many requests, one after another, in virtual milliseconds. */
  p99Ms(node: string, words: (i: number) => string[]): Promise<number>;
  crossedBytes(): number;
}

async function found(seed: string, datacenters: 1 | 2): Promise<Town> {
  const plan = planCluster({ nodes: 3 * datacenters, datacenters });
  const cluster = new SimCluster(seed, plan);
  const { world } = cluster;
  for (const { name, datacenter } of plan.nodes) world.place(name, datacenter);
  world.setGroupLatency("dc1", "dc2", { baseMs: FAR_MS, jitterMs: 4 });
  await cluster.found();
  await world.runFor(15_000); // nobody is known to have been down lately
  const of = (wanted: string): string[] =>
    plan.nodes.filter(({ datacenter }) => datacenter === wanted).map(({ name }) => name);
  const [west, east] = [of("dc1"), of("dc2")];
  const doors = new Map<string, DoorClient>();
  const call = async (node: string, ...words: string[]): Promise<unknown> => {
    const { network } = world.runtime("clients");
    const door = doors.get(node) ?? (await world.runUntil(DoorClient.connect(network, node, 1_000)));
    doors.set(node, door);
    const outcome = await world.runUntil(door.call(...words));
    return outcome.kind === "reply" ? outcome.reply : outcome;
  };
  const p99Ms = async (node: string, words: (i: number) => string[]): Promise<number> => {
    const times: number[] = [];
    for (let i = 0; i < KEYS; i++) {
      const startedMs = world.nowMs;
      const reply = await call(node, ...words(i));
      if (typeof reply === "object" && reply !== null && "error" in reply) throw new Error(`${reply.error}`);
      times.push(world.nowMs - startedMs);
    }
    return times.sort((a, b) => a - b)[Math.floor(KEYS * 0.99)]!;
  };
  const crossedBytes = (): number => {
    const { links } = world.network;
    let sum = 0;
    for (const a of west)
      for (const b of east) sum += links.between(a, b).carriedBytes + links.between(b, a).carriedBytes;
    return sum;
  };
  return { cluster, east, west, call, p99Ms, crossedBytes };
}

const set = (level: string) => (i: number) => ["KV.WITH", "WRITE", level, "--", "SET", `k${i}`, `v${i}`];
const incr = (level: string) => (i: number) => [
  "KV.WITH",
  "READ",
  level,
  "WRITE",
  level,
  "--",
  "INCR",
  `c${i}`,
];
const get = (level: string) => (i: number) => ["KV.WITH", "READ", level, "--", "GET", `k${i}`];

describe("two datacenters of three nodes, 80 ms apart", { timeout: 120_000 }, () => {
  test("local quorum does not pay the way, each quorum does", async () => {
    const alone = await found("alone", 1);
    const both = await found("both", 2);
    const figures: Record<string, number[]> = {};
    for (const [name, words] of Object.entries({ SET: set, GET: get, INCR: incr })) {
      const one = await alone.p99Ms("n1", words("quorum"));
      const local = await both.p99Ms("n1", words("local_quorum"));
      const each = await both.p99Ms("n1", words("each_quorum"));
      figures[name] = [one, local, each];
      expect(local).toBeLessThanOrEqual(1.5 * one);
      expect(each).toBeGreaterThanOrEqual(2 * FAR_MS);
      expect(each).toBeLessThan(2 * 2 * FAR_MS + 50); // INCR reads, then writes
    }
    for (const [name, [one, local, each]] of Object.entries(figures)) {
      const shown = [one, local, each].map((ms) => `${ms!.toFixed(2)} ms`);
      console.log(
        `${name} p99: ${shown[0]} in one datacenter alone, ${shown[1]} local_quorum, ${shown[2]} each_quorum`,
      );
    }
  });

  test.each(["local_quorum", "quorum", "each_quorum"])(
    "a value written at %s crosses once",
    async (level) => {
      const { cluster, west, call, crossedBytes } = await found(`bytes ${level}`, 2);
      const quietFrom = crossedBytes();
      await cluster.world.runFor(20_000);
      const quietBytesPerMs = (crossedBytes() - quietFrom) / 20_000;
      const [startedMs, before] = [cluster.world.nowMs, crossedBytes()];
      const value = "x".repeat(VALUE_BYTES);
      for (let i = 0; i < 100; i++)
        await call(west[i % 3]!, "KV.WITH", "WRITE", level, "--", "SET", `b${i}`, value);
      await cluster.world.runFor(2_000);
      const crossed = crossedBytes() - before - quietBytesPerMs * (cluster.world.nowMs - startedMs);
      const times = crossed / (100 * VALUE_BYTES);
      console.log(`${level}: ${times.toFixed(3)} times the value crosses`);
      expect(times).toBeGreaterThan(0.9);
      expect(times).toBeLessThan(1.25);
    },
  );

  test("severed for a minute both go on, and then they become one again, with conflicts kept", async () => {
    const { cluster, west, east, call } = await found("severed", 2);
    const { world } = cluster;
    const at = (level: string, ...words: string[]) => [
      "KV.WITH",
      "READ",
      level,
      "WRITE",
      level,
      "--",
      ...words,
    ];
    await call("n1", ...at("all", "SET", "both", "before"));
    await call("n1", ...at("all", "SET", "counter", "100"));
    world.partition(west, east);
    const refused = new Set<string>();
    for (let second = 0; second < 60; second++) {
      for (const [side, nodes] of Object.entries({ west, east })) {
        const node = nodes[second % 3]!;
        const startedMs = world.nowMs;
        expect(await call(node, ...at("local_quorum", "SET", `${side}${second}`, `${second}`))).toBe("OK");
        expect(await call(node, ...at("local_quorum", "SET", "both", `${side} ${second}`))).toBe("OK");
        expect(await call(node, ...at("local_quorum", "GET", "both"))).toBe(`${side} ${second}`);
        expect(await call(node, ...at("local_quorum", "INCR", "counter"))).toBe(101 + second);
        expect(world.nowMs - startedMs).toBeLessThan(100);
      }
      if (second > 20)
        refused.add(JSON.stringify(await call("n1", ...at("quorum", "SET", "both", "quorum"))));
      await world.runFor(1_000);
    }
    expect([...refused]).toEqual([expect.stringContaining('"not-applied"')]);
    world.heal();
    const healedMs = world.nowMs;
    const keys = Array.from({ length: 60 }, (_, i) => [`west${i}`, `east${i}`]).flat();
    const isWhole = async (): Promise<boolean> => {
      for (const node of [...west, ...east]) {
        const values = (await call(node, ...at("one", "MGET", ...keys))) as unknown[];
        if (values.some((value) => value === null)) return false;
        if ((await call(node, ...at("one", "GET", "counter"))) !== "220") return false;
        const [, ...siblings] = (await call(node, ...at("one", "KV.GET", "both"))) as unknown[];
        if (siblings.length !== 2) return false;
      }
      return true;
    };
    while (!(await isWhole()) && world.nowMs - healedMs < 120_000) await world.runFor(1_000);
    console.log(
      `all six replicas have everything ${((world.nowMs - healedMs) / 1_000).toFixed(0)} s after the way was free`,
    );
    expect(world.nowMs - healedMs).toBeLessThan(60_000);
    const siblings = (await call("n2", "KV.GET", "both")) as unknown[];
    expect(siblings.slice(1).sort()).toEqual(["east 59", "west 59"]);
  });
});
