import { expect, test } from "vitest";
import { toText } from "../../../base/bytes.ts";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { simpleCell, simpleKey } from "../../simple-engine.oracle.ts";
import { Memtable } from "../log/memtable.ts";
import { Segment } from "../log/segment.ts";
import type { LsmEngine } from "../lsm-engine.ts";
import { RetainedMemtables } from "./retained-memtables.ts";
import { openSmallEngine, overwrite } from "./small-engine.oracle.ts";

const MIB = 1024 * 1024;
const NOTHING = { flags: 0, hashLow: 0, hashHigh: 0 };
const nowhere = () => ({ bytes: new Uint8Array(0), start: 0, end: 0 });

function memtable(number: number, rows: Record<string, string>, sizeBytes = 4096): Memtable {
  const made = new Memtable(new Segment(number, new SharedArrayBuffer(sizeBytes)));
  for (const [name, text] of Object.entries(rows)) made.put(simpleKey(name), simpleCell(text), NOTHING);
  return made;
}

test("the newest memtable that has a row tells, and the oldest ones make room", () => {
  const [first, second] = [memtable(1, { a: "1", b: "1" }), memtable(2, { a: "2" })];
  const retained = new RetainedMemtables(2.5 * (first.segment.bytes.length + first.indexBytes));
  expect(retained.firstSegment).toBe(Number.POSITIVE_INFINITY);
  expect(retained.keep(first)).toEqual([]);
  expect(retained.keep(second)).toEqual([]);
  expect(retained.firstSegment).toBe(1);
  const into = nowhere();
  expect(retained.find(simpleKey("a"), into)).toBe(true);
  expect(toText(into.bytes.slice(into.start, into.end))).toContain("2");
  expect(retained.find(simpleKey("b"), into)).toBe(true);
  expect(retained.find(simpleKey("c"), into)).toBe(false);
  expect(retained.keep(memtable(3, { c: "3" }))).toEqual([first]);
  expect(retained.find(simpleKey("b"), into)).toBe(false);
  expect(retained.firstSegment).toBe(2);
});

test("after a memtable that is too large no older one is left, which might have older rows", () => {
  const retained = new RetainedMemtables(MIB);
  const [small, large] = [memtable(1, { a: "1" }), memtable(2, { a: "2" }, 2 * MIB)];
  retained.keep(small);
  expect(retained.keep(large)).toEqual([small, large]);
  expect(retained.find(simpleKey("a"), nowhere())).toBe(false);
  expect(retained.sizeBytes).toBe(0);
});

async function inWorld(body: (world: SimWorld) => Promise<void>): Promise<void> {
  const world = new SimWorld(1);
  await world.runUntil(body(world));
}

/** Rows of the latest round only, many times as many as a memtable holds. */
async function fill(engine: LsmEngine, rounds: number): Promise<void> {
  for (let i = 0; i < 500 * rounds; i++) {
    await overwrite(engine, simpleKey(`key ${i % 100}`), simpleCell(`${i} ${"x".repeat(500)}`));
  }
}

test("rows put lately are found without the disk, in whatever table they are", () =>
  inWorld(async (world) => {
    const engine = await openSmallEngine(world.runtime("a"), "/data", { fsync: "no", cacheBytes: MIB });
    await fill(engine, 2);
    await (await engine.flush()).release();
    await world.runtime("a").clock.sleep(10_000);
    expect(engine.statistics.compactionCount).toBeGreaterThan(0);
    const into = nowhere();
    for (let key = 0; key < 100; key++) {
      expect(engine.get(simpleKey(`key ${key}`), into)).toBe(true);
      expect(toText(into.bytes.slice(into.start, into.end))).toContain(`${900 + key} `);
    }
    expect(engine.statistics.blockCacheMisses).toBe(0);
    expect(engine.statistics.blockCacheBytes).toBe(0);
    await engine.clear();
    expect(engine.get(simpleKey("key 1"), into)).toBe(false);
    await engine.close();
  }));

test("buffers of memtables that make room are used again, and hold nothing that is still read", () =>
  inWorld(async (world) => {
    const engine = await openSmallEngine(world.runtime("a"), "/data", { fsync: "no", cacheBytes: MIB });
    await fill(engine, 4);
    await world.runtime("a").clock.sleep(10_000);
    const { memoryBytes } = engine.statistics;
    await fill(engine, 4);
    await world.runtime("a").clock.sleep(10_000);
    expect(engine.statistics.memoryBytes).toBeLessThan(1.1 * memoryBytes);
    const into = nowhere();
    for (let key = 0; key < 100; key++) {
      await engine.get(simpleKey(`key ${key}`), into);
      expect(toText(into.bytes.slice(into.start, into.end))).toContain(`${1900 + key} `);
    }
    await engine.close();
  }));
