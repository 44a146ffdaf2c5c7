import { describe, expect, test } from "vitest";
import { systemCode } from "../runtime/io-error.ts";
import { pattern, Recorder } from "../runtime/network.contract.ts";
import type { Connection } from "../runtime/runtime.ts";
import { SimWorld } from "./sim-runtime.ts";

const TARGET = { host: "b", port: 1, timeoutMs: 20_000 };
const QUICK = { baseMs: 1, jitterMs: 0 };

interface Ends {
  readonly world: SimWorld;
  readonly a: Connection;
  readonly b: Connection;
  readonly nearA: Recorder;
  readonly nearB: Recorder;
}

/** Hosts a and b, a millisecond apart, with a connection between them. */
async function ends(seed = 1): Promise<Ends> {
  const world = new SimWorld(seed);
  world.network.stallsWrites = false;
  world.setLatency("a", "b", QUICK);
  const [nearA, nearB] = [new Recorder(), new Recorder()];
  let b: Connection | undefined;
  const listening = world.runtime("b").network.listen({ host: "b", port: 1 }, (connection) => {
    b = connection;
    connection.start(nearB);
  });
  await world.runUntil(listening);
  const a = await world.runUntil(world.runtime("a").network.connect(TARGET));
  a.start(nearA);
  await world.runFor(10);
  return { world, a, b: b!, nearA, nearB };
}

/** How long one byte from a to b takes. */
async function tripMs({ world, a, nearB }: Ends): Promise<number> {
  const before = world.nowMs;
  a.write(pattern(1));
  await world.runUntil(nearB.untilReceived(nearB.received.length + 1));
  return world.nowMs - before;
}

describe("a lossy link", () => {
  test("stalls what is sent until it is sent again, and loses and swaps nothing", async () => {
    const net = await ends();
    const { world, a, nearB } = net;
    world.setLink("a", "b", { lossOdds: 0.3 });
    const lateness: number[] = [];
    for (let i = 0; i < 200; i++) {
      const sentMs = world.nowMs;
      a.write(pattern(10, i * 10));
      await world.runUntil(nearB.untilReceived((i + 1) * 10));
      lateness.push(world.nowMs - sentMs);
    }
    expect(nearB.received).toEqual([...pattern(2_000)]);
    const late = lateness.filter((ms) => ms > 199);
    expect(late.length).toBeGreaterThan(30);
    expect(late.length).toBeLessThan(120);
    expect(Math.max(...late)).toBeGreaterThan(600); // lost twice: 200 ms, then 400
  });

  test("holds up what comes after the loss", async () => {
    const { world, a, nearB } = await ends();
    world.setLink("a", "b", { lossOdds: 0.99 });
    a.write(pattern(1));
    world.setLink("a", "b", { lossOdds: 0 });
    a.write(pattern(5, 1));
    await world.runFor(150);
    expect(nearB.received).toEqual([]);
    await world.runFor(100);
    expect(nearB.received).toEqual([...pattern(6)]);
  });

  test("breaks a connection that gets nothing through for half a minute", async () => {
    const { world, a, nearA } = await ends();
    world.setLink("a", "b", { lossOdds: 0.9999 });
    a.write(pattern(1));
    await world.runFor(25_000);
    expect(nearA.closes).toBe(0);
    await world.runFor(40_000);
    expect(systemCode(nearA.cause)).toBe("ETIMEDOUT");
  });

  test("makes connecting take a second longer, and two more if that is lost too", async () => {
    const { world } = await ends();
    world.setLink("a", "b", { lossOdds: 0.5 });
    const took = new Set<number>();
    for (let i = 0; i < 40; i++) {
      const before = world.nowMs;
      const connection = await world.runUntil(world.runtime("a").network.connect(TARGET));
      took.add(Math.floor((world.nowMs - before) / 1_000));
      connection.destroy();
    }
    expect([...took].sort((x, y) => x - y).slice(0, 3)).toEqual([0, 1, 3]);
  });

  test("is mended", async () => {
    const net = await ends();
    net.world.setLink("a", "b", { lossOdds: 0.9999, bytesPerSecond: 1 });
    net.world.mendLinks();
    expect(await tripMs(net)).toBeLessThan(3);
  });
});

test("a slow link takes so many bytes a second, from all its connections together", async () => {
  const { world, a, nearB } = await ends();
  world.setLink("a", "b", { bytesPerSecond: 10_000 });
  const other = await world.runUntil(world.runtime("a").network.connect(TARGET));
  for (let i = 0; i < 10; i++) {
    a.write(pattern(500));
    other.write(pattern(500));
  }
  await world.runFor(500);
  expect(nearB.received.length).toBeGreaterThan(3_500);
  expect(nearB.received.length).toBeLessThan(5_500);
  await world.runFor(600);
  expect(nearB.received.length).toBe(10_000);
});

test("latencies have a tail where they are told to", async () => {
  const net = await ends();
  net.world.setLink("a", "b", { latency: { ...QUICK, tail: { oneIn: 10, meanMs: 50 } } });
  const trips: number[] = [];
  for (let i = 0; i < 300; i++) trips.push(await tripMs(net));
  const long = trips.filter((ms) => ms > 5);
  expect(long.length).toBeGreaterThan(10);
  expect(long.length).toBeLessThan(60);
  expect(Math.max(...long)).toBeGreaterThan(100);
});

test("datacenters are as far from each other as told, whoever comes later, but where a link has its own latency", async () => {
  const world = new SimWorld(1);
  world.setGroupLatency("east", "west", { baseMs: 40, jitterMs: 0 });
  world.setGroupLatency("east", "east", { baseMs: 2, jitterMs: 0 });
  for (const [host, group] of [
    ["b", "east"],
    ["near", "east"],
    ["far", "west"],
    ["wired", "west"],
  ] as const) {
    world.runtime(host);
    world.place(host, group);
  }
  world.setLatency("wired", "b", QUICK);
  await world.runUntil(world.runtime("b").network.listen({ host: "b", port: 1 }, () => undefined));
  const connectMs = async (host: string): Promise<number> => {
    const before = world.nowMs;
    await world.runUntil(world.runtime(host).network.connect(TARGET));
    return Math.round(world.nowMs - before);
  };
  expect(await connectMs("near")).toBe(4);
  expect(await connectMs("far")).toBe(80);
  expect(await connectMs("wired")).toBe(2);
});

describe("connections that break", () => {
  test("when dropped, do so anywhere in what was under way", async () => {
    const lengths = new Set<number>();
    for (let seed = 0; seed < 40; seed++) {
      const { world, a, nearB } = await ends(seed);
      a.write(pattern(10));
      world.dropConnections("a", "b");
      await world.runFor(100);
      expect(nearB.received).toEqual([...pattern(nearB.received.length)]);
      expect(systemCode(nearB.cause)).toBe("ECONNRESET");
      lengths.add(nearB.received.length);
    }
    expect(lengths.size).toBeGreaterThan(6);
    expect(lengths).not.toContain(10);
  });

  test("say nothing any more to a reader that has paused or ended", async () => {
    for (const act of ["pause", "end"] as const) {
      const { world, a, b, nearB } = await ends();
      a.write(pattern(1_000));
      world.dropConnections("a", "b");
      b[act]();
      await world.runFor(100);
      expect(nearB.received).toEqual([]);
      b.resume();
      await world.runFor(100);
      expect(systemCode(nearB.cause)).toBe("ECONNRESET");
    }
  });

  test("at one end only, leave the other half open until it sends", async () => {
    const { world, b, nearA, nearB } = await ends();
    world.forgetConnections("a", "b");
    await world.runFor(60_000);
    expect(systemCode(nearA.cause)).toBe("ECONNRESET");
    expect(nearB.closes).toBe(0);
    b.write(pattern(1));
    await world.runFor(10);
    expect(systemCode(nearB.cause)).toBe("ECONNRESET");
  });

  test("by falling mute, look whole until somebody has waited long enough; new ones are fine", async () => {
    const { world, a, b, nearA, nearB } = await ends();
    world.muteConnections("a", "b");
    a.write(pattern(5));
    await world.runFor(29_000);
    expect([nearA.closes, nearB.closes, nearB.received.length]).toEqual([0, 0, 0]);
    const fresh = await world.runUntil(world.runtime("a").network.connect(TARGET));
    fresh.write(pattern(3));
    await world.runFor(100);
    expect(nearB.received).toEqual([...pattern(3)]);
    await world.runFor(2_000);
    expect(systemCode(nearA.cause)).toBe("ETIMEDOUT");
    expect(nearB.closes).toBe(0);
    b.destroy();
  });
});

describe("after a partition", () => {
  test("of some pairs only, the others stay parted", async () => {
    const net = await ends();
    const { world } = net;
    world.partition("a", ["b", "c"]);
    world.unpartition("a", "b");
    expect(await tripMs(net)).toBeLessThan(5);
    const { network } = world.runtime("c");
    await world.runUntil(network.listen({ host: "c", port: 1 }, () => undefined));
    const connecting = world.runtime("a").network.connect({ host: "c", port: 1, timeoutMs: 500 });
    await expect(world.runUntil(connecting)).rejects.toThrow();
  });

  test("senders that back off try again as late as it lasted", async () => {
    const waits: number[] = [];
    for (let seed = 0; seed < 20; seed++) {
      const { world, a, nearB } = await ends(seed);
      world.network.links.backsOff = true;
      world.partition("a", "b");
      a.write(pattern(5));
      await world.runFor(10_000);
      world.heal();
      const healedMs = world.nowMs;
      await world.runUntil(nearB.untilReceived(5));
      waits.push(world.nowMs - healedMs);
    }
    expect(Math.max(...waits)).toBeLessThan(10_010);
    expect(Math.max(...waits)).toBeGreaterThan(5_000);
    expect(Math.min(...waits)).toBeLessThan(3_000);
  });
});
