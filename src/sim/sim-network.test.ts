import { describe, expect, test } from "vitest";
import { systemCode } from "../runtime/io-error.ts";
import { connectPair, pattern, Recorder, testNetwork } from "../runtime/network.contract.ts";
import type { Connection } from "../runtime/runtime.ts";
import { SimWorld } from "./sim-runtime.ts";

for (const seed of [1, 2, 3]) {
  testNetwork(`sim network, seed ${seed}`, (body) => {
    const world = new SimWorld(seed);
    const { network } = world.runtime("a");
    return world.runUntil(body(network, "a"));
  });
}

const TARGET = { host: "b", port: 1, timeoutMs: 5_000 };

interface Joined {
  readonly world: SimWorld;
  readonly a: Connection;
  readonly b: Connection;
  readonly nearA: Recorder;
  readonly nearB: Recorder;
}

/** Hosts a and b, where b listens on port 1, and one started connection between them. */
async function joined(seed = 1): Promise<Joined> {
  const world = new SimWorld(seed);
  world.network.stallsWrites = false;
  const nearB = new Recorder();
  let b: Connection | undefined;
  const accept = (connection: Connection): void => {
    b = connection;
    connection.start(nearB);
  };
  await world.runUntil(world.runtime("b").network.listen({ host: "b", port: 1 }, accept));
  const a = await world.runUntil(world.runtime("a").network.connect(TARGET));
  const nearA = new Recorder();
  a.start(nearA);
  await world.runFor(10);
  return { world, a, b: b!, nearA, nearB };
}

describe("a partition", () => {
  test("holds back what is sent, and lets it pass in order once healed", async () => {
    const { world, a, b, nearA, nearB } = await joined();
    world.partition("a", "b");
    for (let i = 0; i < 100; i++) a.write(pattern(10, i * 10));
    b.write(pattern(5));
    await world.runFor(20_000);
    expect([nearA.received, nearB.received]).toEqual([[], []]);
    world.heal();
    await world.runFor(100);
    expect(nearB.received).toEqual([...pattern(1_000)]);
    expect(nearA.received).toEqual([...pattern(5)]);
  });

  test("one way stops that way only", async () => {
    const { world, a, b, nearA, nearB } = await joined();
    world.partitionOneWay("a", "b");
    a.write(pattern(5));
    b.write(pattern(5));
    await world.runFor(1_000);
    expect([nearA.received.length, nearB.received.length]).toEqual([5, 0]);
  });

  test("that lasts breaks the connections on which something was sent, and only those", async () => {
    const { world, a, nearA, nearB } = await joined();
    world.partition("a", "b");
    a.write(pattern(5));
    await world.runFor(60_000);
    expect(systemCode(nearA.cause)).toBe("ETIMEDOUT");
    expect(nearB.closes).toBe(0);
    world.heal();
    await world.runFor(1_000);
    expect(nearB.received).toEqual([]); // nobody sends it again
  });

  test("is seen by a writer whose bytes arrive but are never acknowledged", async () => {
    const { world, b, nearA, nearB } = await joined();
    world.partitionOneWay("a", "b");
    b.write(pattern(5));
    await world.runFor(60_000);
    expect(nearA.received.length).toBe(5);
    expect(systemCode(nearB.cause)).toBe("ETIMEDOUT");
  });

  test("makes connecting time out; healed in time, it succeeds", async () => {
    const world = new SimWorld(1);
    await world.runUntil(world.runtime("b").network.listen({ host: "b", port: 1 }, () => undefined));
    const { network } = world.runtime("a");
    world.partition("a", "b");
    const before = world.nowMs;
    await expect(world.runUntil(network.connect(TARGET))).rejects.toMatchObject({
      code: "IO",
      outcome: "not-applied",
      cause: { code: "ETIMEDOUT" },
    });
    expect(world.nowMs - before).toBe(5_000);
    const second = network.connect(TARGET);
    await world.runFor(1_000);
    world.heal();
    expect((await world.runUntil(second)).peer).toBe("b:1");
  });

  test("that loses the answer leaves no connection behind at the other end", async () => {
    const world = new SimWorld(1);
    const far = new Recorder();
    const accept = (connection: Connection): void => connection.start(far);
    await world.runUntil(world.runtime("b").network.listen({ host: "b", port: 1 }, accept));
    const { network } = world.runtime("a");
    world.partitionOneWay("b", "a");
    await expect(world.runUntil(network.connect(TARGET))).rejects.toMatchObject({ code: "IO" });
    world.heal();
    await world.runFor(1_000);
    expect(far.ends).toBe(1);
  });

  test("between groups leaves each group whole", async () => {
    const world = new SimWorld(1);
    for (const host of ["a", "b", "c"]) {
      await world.runUntil(world.runtime(host).network.listen({ host, port: 1 }, () => undefined));
    }
    world.partition("a", ["b", "c"]);
    const connect = (from: string, host: string) =>
      world.runUntil(world.runtime(from).network.connect({ host, port: 1, timeoutMs: 100 }));
    await expect(connect("a", "c")).rejects.toThrow();
    await expect(connect("c", "a")).rejects.toThrow();
    await connect("b", "c");
    await connect("c", "b");
  });
});

describe("the end of a process", () => {
  test("by a kill is told to its peers at once", async () => {
    const { world, a, nearA } = await joined();
    world.kill("b");
    await world.runFor(100);
    expect([nearA.ends, nearA.closes]).toEqual([1, 0]);
    a.write(pattern(5));
    await world.runFor(100);
    expect(systemCode(nearA.cause)).toBe("ECONNRESET");
  });

  test("frees its ports for the next life", async () => {
    const { world } = await joined();
    world.kill("b");
    await expect(world.runUntil(world.runtime("a").network.connect(TARGET))).rejects.toMatchObject({
      cause: { code: "ECONNREFUSED" },
    });
    await world.runUntil(world.runtime("b").network.listen({ host: "b", port: 1 }, () => undefined));
    await world.runUntil(world.runtime("a").network.connect(TARGET));
  });

  test("by a power failure is told to nobody: silence, then a timeout", async () => {
    const { world, a, nearA } = await joined();
    world.crash("b");
    await world.runFor(100_000);
    expect([nearA.ends, nearA.closes]).toEqual([0, 0]);
    a.write(pattern(5));
    await world.runFor(20_000);
    expect(nearA.closes).toBe(0);
    await world.runFor(20_000);
    expect(systemCode(nearA.cause)).toBe("ETIMEDOUT");
  });

  test("by a power failure shows as a reset once the machine is back", async () => {
    const { world, a, nearA } = await joined();
    world.crash("b");
    a.write(pattern(5));
    await world.runFor(1_000);
    world.runtime("b");
    await world.runFor(1_000);
    expect(systemCode(nearA.cause)).toBe("ECONNRESET");
  });

  test("stops its own events", async () => {
    const { world, b, nearA, nearB } = await joined();
    world.crash("b");
    b.write(pattern(5));
    b.destroy();
    await world.runFor(1_000);
    expect([nearA.received, nearA.ends, nearB.closes]).toEqual([[], 0, 0]);
  });
});

test("dropped connections are told to both ends as resets; a new one works", async () => {
  const { world, a, nearA, nearB } = await joined();
  world.dropConnections("b", "a");
  a.write(pattern(5));
  await world.runFor(100);
  expect([systemCode(nearA.cause), systemCode(nearB.cause)]).toEqual(["ECONNRESET", "ECONNRESET"]);
  await world.runUntil(world.runtime("a").network.connect(TARGET));
});

test("a paused process gets everything when it goes on", async () => {
  const { world, a, nearB } = await joined();
  world.pause("b", 1_000);
  a.write(pattern(5));
  await world.runFor(999);
  expect(nearB.received).toEqual([]);
  await world.runFor(10);
  expect(nearB.received).toEqual([...pattern(5)]);
});

test("bytes meet chunk borders of every kind", async () => {
  const { world, a, nearB } = await joined();
  const sizes: number[] = [];
  let before = 0;
  nearB.afterBytes = () => {
    sizes.push(nearB.received.length - before);
    before = nearB.received.length;
  };
  for (let i = 0; i < 50; i++) {
    a.write(pattern(100, i * 100));
    a.write(pattern(100, i * 100 + 50));
    await world.runFor(5);
  }
  expect(sizes.some((size) => size < 100)).toBe(true);
  expect(sizes.some((size) => size > 100)).toBe(true);
  expect(sizes).toContain(200);
});

test("whoever keeps the read buffer beyond the call sees it scrubbed", async () => {
  const { world, a, b, nearB } = await joined();
  b.destroy();
  await world.runFor(10);
  expect(nearB.closes).toBe(1);
  let kept: Uint8Array | undefined;
  const keeper = Object.assign(new Recorder(), {
    onBytes: (bytes: Uint8Array, length: number) => {
      kept = bytes.subarray(0, length);
    },
  });
  const listen = world.runtime("b").network.listen({ host: "b", port: 2 }, (c) => c.start(keeper));
  await world.runUntil(listen);
  const again = await world.runUntil(world.runtime("a").network.connect({ ...TARGET, port: 2 }));
  again.write(pattern(1, 7));
  await world.runFor(10);
  expect([...kept!]).toEqual([0xdb]);
  a.destroy();
});

test("a lent buffer that changes before onDrain is a bug, told as such", async () => {
  const { world, a, b } = await joined();
  b.pause();
  const buffer = new Uint8Array(100_000);
  while (a.write(buffer));
  buffer[0] = 1;
  b.resume();
  await expect(world.runFor(1_000)).rejects.toThrow("changed before onDrain");
});

test("onDrain means that every buffer is back", async () => {
  const { world, a, b, nearA } = await joined();
  world.network.stallsWrites = true;
  const { clock } = world.runtime("a");
  let lent: Uint8Array[] = [];
  let drains = 0;
  const drained = Object.assign(nearA, {
    onDrain: () => {
      for (const bytes of lent) bytes.fill(0); // the simulator notices if it was too early
      lent = [];
      drains++;
    },
  });
  const writeOn = (left: number): void => {
    const bytes = pattern(2, left + 1);
    if (!a.write(bytes)) lent.push(bytes);
    if (left > 0) clock.defer(() => writeOn(left - 1));
  };
  writeOn(10_000);
  await world.runFor(1_000);
  expect(drained.closes + b.unsentBytes).toBe(0);
  expect(drains).toBeGreaterThan(100);
  expect(lent).toEqual([]);
});

test("now and then a write has to wait, unless told otherwise", async () => {
  const { world, a, nearA, nearB } = await joined();
  world.network.stallsWrites = true;
  let refusals = 0;
  for (let i = 0; i < 500; i++) {
    const { drains } = nearA;
    if (a.write(pattern(10, i * 10))) continue;
    refusals++;
    await world.runUntil(nearA.until(() => nearA.drains > drains));
  }
  await world.runFor(100);
  expect(refusals).toBeGreaterThan(0);
  expect(nearA.drains).toBe(refusals);
  expect(nearB.received).toEqual([...pattern(5_000)]);
});

test("latency is the link's own, or as set", async () => {
  const { world, a, nearB } = await joined();
  world.setLatency("a", "b", { baseMs: 50, jitterMs: 0 });
  const before = world.nowMs;
  a.write(pattern(1));
  await world.runUntil(nearB.untilReceived(1));
  expect(Math.floor(world.nowMs - before)).toBe(50);
});

test("names: a host's own, localhost, and nobody's", async () => {
  const world = new SimWorld(1);
  const { network } = world.runtime("a");
  world.runtime("b");
  await world.runUntil(connectPair(network, "localhost"));
  await expect(world.runUntil(network.connect({ ...TARGET, host: "nobody" }))).rejects.toMatchObject({
    cause: { code: "ENOTFOUND" },
  });
  await expect(world.runUntil(network.listen({ host: "b", port: 1 }, () => undefined))).rejects.toMatchObject(
    { cause: { code: "EADDRNOTAVAIL" } },
  );
});

test("an exception in an event callback surfaces", async () => {
  const { world, a, nearB } = await joined();
  nearB.afterBytes = () => {
    throw new Error("a bug in onBytes");
  };
  a.write(pattern(1));
  await expect(world.runFor(10)).rejects.toThrow("a bug in onBytes");
});
