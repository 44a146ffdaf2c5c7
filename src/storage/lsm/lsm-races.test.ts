/** What comes between a look at a row and its put, and must not make sums or counts wrong. */
import { expect, test } from "vitest";
import type { ByteRange } from "../../base/bytes.ts";
import type { Background } from "../../runtime/runtime.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { simpleCell, simpleKey } from "../simple-engine.oracle.ts";
import type { FlushInput } from "./engine/memtable-flush.ts";
import { expectExact, openSmallEngine, overwrite } from "./engine/small-engine.oracle.ts";
import type { LsmEngine } from "./lsm-engine.ts";

async function withEngine(body: (engine: LsmEngine, world: SimWorld) => Promise<void>): Promise<void> {
  const world = new SimWorld(1);
  const run = async (): Promise<void> => {
    const engine = await openSmallEngine(world.runtime("a"), "/data", { fsync: "no", cacheBytes: 0 });
    await body(engine, world);
    await engine.close();
  };
  await world.runUntil(run());
}

/** Puts other rows until what is in memtables now is in tables. */
async function flush(engine: LsmEngine, world: SimWorld, label: string): Promise<void> {
  const { flushCount, fullMemtableCount } = engine.statistics;
  for (let i = 0; engine.statistics.flushCount <= flushCount + fullMemtableCount; i++) {
    await overwrite(engine, simpleKey(`${label} ${i}`), simpleCell("x".repeat(500)));
    if (engine.statistics.fullMemtableCount > 0) await world.runtime("a").clock.sleep(1000);
  }
}

/** As a node reads before it puts. */
async function look(engine: LsmEngine, key: string): Promise<ByteRange> {
  const range = { bytes: new Uint8Array(0), start: 0, end: 0 };
  expect(await engine.get(simpleKey(key), range)).toBe(true);
  const bytes = range.bytes.slice(range.start, range.end);
  return { bytes, start: 0, end: bytes.length };
}

test("a row that somebody is about to put is not swept before he has", () =>
  withEngine(async (engine, world) => {
    const { clock } = world.runtime("a");
    const { hash } = simpleKey("k");
    await overwrite(engine, simpleKey("k"), simpleCell("old", clock.wallMs() + 10));
    await flush(engine, world, "a");
    await clock.sleep(1000);
    engine.isInUse = (other) => other === hash;
    const seen = await look(engine, "k");
    expect(await engine.dropExpired(clock.wallMs(), 10_000)).toBe(0);
    await flush(engine, world, "b");
    await engine.put(simpleKey("k"), simpleCell("new", clock.wallMs() + 10), seen);
    engine.isInUse = undefined;
    await expectExact(engine);
    await clock.sleep(2000);
    expect(await engine.dropExpired(clock.wallMs(), 10_000)).toBe(1);
    await expectExact(engine);
  }));

test("a row that a clear of its database forgot is not superseded again by who had seen it", () =>
  withEngine(async (engine, world) => {
    const { hash } = simpleKey("k");
    for (const key of ["k", "deleted"]) await overwrite(engine, simpleKey(key), simpleCell("old"));
    await flush(engine, world, "a");
    engine.isInUse = (other) => other === hash || other === simpleKey("deleted").hash;
    const seen = await look(engine, "k");
    const deleted = await look(engine, "deleted");
    await engine.clear(0);
    await flush(engine, world, "b");
    await engine.put(simpleKey("k"), simpleCell("new"), seen);
    await engine.put(simpleKey("deleted"), simpleCell("", 1), deleted);
    await expectExact(engine);
    await flush(engine, world, "c");
    engine.isInUse = undefined;
    await overwrite(engine, simpleKey("k"), simpleCell("newer"));
    await expectExact(engine);
  }));

test("a clear of a database takes out what full memtables have of a row, not what it saw in tables", () =>
  withEngine(async (engine, world) => {
    for (let i = 0; i < 10; i++) await overwrite(engine, simpleKey(`k ${i}`), simpleCell("old"));
    await flush(engine, world, "a");
    world.disk("a").intercept = ({ path, kind }) =>
      path.includes("/tables/") && kind === "append" ? "EIO" : undefined;
    const clearing = engine.clear(0); // has to read, and sees the moment of the call
    for (let i = 0; i < 10; i++) void engine.put(simpleKey(`k ${i}`), simpleCell("new"), simpleCell("old"));
    for (let i = 0; engine.statistics.fullMemtableCount === 0; i++) {
      void engine.put(simpleKey(`other ${i}`), simpleCell("x".repeat(900)));
    }
    await clearing;
    await expectExact(engine);
    world.disk("a").intercept = undefined;
    await world.runtime("a").clock.sleep(60_000);
    expect(engine.statistics.fullMemtableCount).toBe(0);
    await expectExact(engine);
  }));

test("a row put after a clear that a crash cuts short supersedes nothing of before", async () => {
  const world = new SimWorld(1);
  const engine = await world.runUntil(openSmallEngine(world.runtime("a"), "/data"));
  const fill = async (): Promise<void> => {
    for (let i = 0; i < 200; i++) await overwrite(engine, simpleKey(`${i}`), simpleCell("x".repeat(300)));
  };
  await world.runUntil(fill());
  world.disk("a").intercept = ({ path, kind }) =>
    path.includes("MANIFEST") && kind !== "read" ? "EIO" : undefined;
  void engine.clear();
  await world.runUntil(overwrite(engine, simpleKey("7"), simpleCell("new")));
  world.crash("a");
  world.disk("a").intercept = undefined;
  for (let start = 0; start < 2; start++) {
    const again = await world.runUntil(openSmallEngine(world.runtime("a"), "/data"));
    await world.runUntil(expectExact(again));
    expect(again.counts(0).rows).toBe(1);
    await world.runUntil(again.close());
  }
});

test("the buffer of a memtable that is cleared while it is written as a table is not used before that ends", async () => {
  const world = new SimWorld(1);
  const runtime = world.runtime("a");
  const gate: { open: () => void } = { open: () => undefined };
  const opened = new Promise<void>((resolve) => {
    gate.open = resolve;
  });
  const read: string[] = [];
  const background: Background = {
    close: () => runtime.background.close(),
    async run(task, input) {
      const bytes = Buffer.from((input as FlushInput).shared);
      const before = Buffer.from(bytes);
      await opened;
      read.push(bytes.subarray(0, 1000).equals(before.subarray(0, 1000)) ? "same" : "other");
      return runtime.background.run(task, input);
    },
  };
  const run = async (): Promise<void> => {
    const engine = await openSmallEngine({ ...runtime, background }, "/data");
    await overwrite(engine, simpleKey("old"), simpleCell("x".repeat(300)));
    await overwrite(engine, simpleKey("large"), simpleCell("x".repeat(40_000))); // in a buffer of its own size
    await engine.clear();
    for (let i = 0; engine.statistics.fullMemtableCount === 0; i++)
      await overwrite(engine, simpleKey(`new ${i}`), simpleCell("x".repeat(300)));
    gate.open();
    await runtime.clock.sleep(10_000);
    expect(read.slice(0, 1)).toEqual(["same"]);
    await expectExact(engine);
    await engine.close();
  };
  await world.runUntil(run());
});

test("a memtable that is cleared after its flush has failed is not written from a buffer that has other rows by then", async () => {
  const world = new SimWorld(1);
  const runtime = world.runtime("a");
  const disk = world.disk("a");
  const written = new Set<number>();
  let mixedUp = 0;
  const background: Background = {
    close: () => runtime.background.close(),
    run(task, input) {
      if (!("sealedBytes" in (input as object))) return runtime.background.run(task, input);
      const { shared, number } = input as FlushInput;
      if (new Uint8Array(shared)[16]! !== number) mixedUp++;
      written.add(number);
      return runtime.background.run(task, input);
    },
  };
  const run = async (): Promise<void> => {
    const engine = await openSmallEngine({ ...runtime, background }, "/data", { fsync: "no" });
    disk.intercept = ({ path, kind }) => (path.endsWith(".sst") && kind === "append" ? "EIO" : undefined);
    await overwrite(engine, simpleKey("old"), simpleCell("x".repeat(300)));
    await overwrite(engine, simpleKey("large"), simpleCell("x".repeat(40_000))); // in a buffer of its own size
    await runtime.clock.sleep(4_000); // the next attempt is seconds away
    await engine.clear();
    await runtime.clock.sleep(100);
    for (let i = 0; engine.statistics.fullMemtableCount < 2; i++)
      await overwrite(engine, simpleKey(`new ${i}`), simpleCell("y".repeat(200)));
    disk.intercept = undefined;
    await runtime.clock.sleep(20_000);
    expect(engine.statistics.fullMemtableCount).toBe(0);
    expect({ mixedUp, written: written.size }).toEqual({ mixedUp: 0, written: 3 });
    await expectExact(engine);
    await engine.close();
  };
  await world.runUntil(run());
});

test("a compaction whose tables are cleared away before it has read them is given up, and others go on", async () => {
  const world = new SimWorld(1);
  const runtime = world.runtime("a");
  let open = (): void => undefined;
  let isHeld = false;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const background: Background = {
    close: () => runtime.background.close(),
    async run(task, input) {
      const isMerge = "runs" in (input as object);
      if (isMerge) isHeld = true;
      if (isMerge) await gate;
      return runtime.background.run(task, input);
    },
  };
  const run = async (): Promise<void> => {
    const engine = await openSmallEngine({ ...runtime, background }, "/data", { fsync: "no" });
    for (let i = 0; !isHeld; i++)
      await overwrite(engine, simpleKey(`${i % 300}`), simpleCell("x".repeat(300)));
    await engine.clear();
    await runtime.clock.sleep(1000); // the files are gone
    open();
    for (let i = 0; i < 3000; i++)
      await overwrite(engine, simpleKey(`${i % 300}`), simpleCell(`${i}`.padEnd(300)));
    await runtime.clock.sleep(1000);
    expect(engine.statistics.compactionCount).toBeGreaterThan(1);
    await expectExact(engine);
    await engine.close();
  };
  await world.runUntil(run());
});

test("a clear makes room where nothing else can be written any more", () =>
  withEngine(async (engine, world) => {
    world.disk("a").intercept = ({ path, kind }) =>
      path.endsWith(".sst") && kind === "append" ? "EIO" : undefined;
    const fill = (): void => {
      for (let i = 0; ; i++) void engine.put(simpleKey(`${i}`), simpleCell("x".repeat(900)));
    };
    expect(fill).toThrow(expect.objectContaining({ code: "OVERLOADED" }));
    await engine.clear();
    expect(engine.counts(0).rows).toBe(0);
    await overwrite(engine, simpleKey("new"), simpleCell("v"));
    world.disk("a").intercept = undefined;
    await expectExact(engine);
  }));
