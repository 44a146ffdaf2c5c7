import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { ByteRange } from "../../base/bytes.ts";
import { toText } from "../../base/bytes.ts";
import { silentLogger } from "../../base/logger.ts";
import { createNodejsRuntime } from "../../runtime/nodejs/nodejs-runtime.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import type { RowKey } from "../row-key.ts";
import { type EngineUnderTest, simpleCell, simpleKey, simpleRules } from "../simple-engine.oracle.ts";
import { testStorageEngine } from "../storage-engine.contract.ts";
import type { StorageEngine } from "../storage-engine.ts";
import type { LsmEngineOptions } from "./engine/lsm-options.ts";
import { expectExact, openSmallEngine, overwrite, summaryOfScan } from "./engine/small-engine.oracle.ts";
import type { LsmEngine } from "./lsm-engine.ts";

const NOWHERE = (): ByteRange => ({ bytes: new Uint8Array(0), start: 0, end: 0 });

/** The engine as the contract drives it; `close` ends what the test needs besides. */
function underTest(engine: LsmEngine, wall: { nowMs: number }, onClosed: () => void): EngineUnderTest {
  const driven = new Proxy<StorageEngine>(engine, {
    get(_, name) {
      if (name === "put") return (key: RowKey, cell: ByteRange) => overwrite(engine, own(key), owned(cell));
      if (name === "close") return () => engine.close().finally(onClosed);
      const member = Reflect.get(engine, name, engine);
      return typeof member === "function" ? member.bind(engine) : member;
    },
  });
  return { engine: driven, wall };
}

/** `overwrite` may have to read first, and the contract lets key and cell change once put has returned. */
function own(key: RowKey): RowKey {
  const copy = simpleKey("");
  copy.load(key.bytes, 0, key.length);
  return copy;
}

function owned({ bytes, start, end }: ByteRange): ByteRange {
  return { bytes: bytes.slice(start, end), start: 0, end: end - start };
}

function withWall(runtime: Runtime, wall: { readonly nowMs: number }): Runtime {
  const { clock } = runtime;
  const wallMs = (): number => wall.nowMs;
  const monotonicMs = (): number => clock.monotonicMs();
  return {
    ...runtime,
    clock: {
      wallMs,
      monotonicMs,
      turnMs: monotonicMs,
      sleep: (ms, signal) => clock.sleep(ms, signal),
      every: (ms, tick) => clock.every(ms, tick),
      defer: (task) => clock.defer(task),
    },
  };
}

async function createSimulated(options: Partial<LsmEngineOptions>): Promise<EngineUnderTest> {
  const world = new SimWorld(1);
  const wall = { nowMs: 1_000_000_000_000 };
  const engine = await world.runUntil(openSmallEngine(withWall(world.runtime("a"), wall), "/data", options));
  let isOpen = true;
  const pump = async (): Promise<void> => {
    while (isOpen) await world.runFor(1);
  };
  const pumping = pump();
  onTestFinished(() => pumping);
  return underTest(engine, wall, () => {
    isOpen = false;
  });
}

async function createReal(options: Partial<LsmEngineOptions>): Promise<EngineUnderTest> {
  const directory = mkdtempSync(join(tmpdir(), "kvorum-lsm-"));
  const wall = { nowMs: 1_000_000_000_000 };
  const engine = await openSmallEngine(withWall(createNodejsRuntime(), wall), directory, options);
  return underTest(engine, wall, () => rmSync(directory, { recursive: true }));
}

testStorageEngine("LsmEngine, simulated disk", (rules) => createSimulated({ rules, fsync: "everysec" }));
testStorageEngine("LsmEngine, simulated disk, all in one memtable", (rules) =>
  createSimulated({ rules, fsync: "no", segmentBytes: 2 ** 24 }),
);
testStorageEngine("LsmEngine, real disk", (rules) => createReal({ rules, fsync: "no" }));

async function inWorld(body: (world: SimWorld) => Promise<void>): Promise<void> {
  const world = new SimWorld(1);
  await world.runUntil(body(world));
}

async function payloadOf(engine: LsmEngine, key: string): Promise<string | undefined> {
  const into = NOWHERE();
  if (!(await engine.get(simpleKey(key), into))) return undefined;
  return toText(into.bytes.subarray(into.start + 8, into.end));
}

/** Enough rows for several tables on several levels. */
async function fill(engine: LsmEngine, rows: number, round = 0): Promise<void> {
  for (let i = 0; i < rows; i++) {
    await overwrite(engine, simpleKey(`key ${i}`), simpleCell(`${round}/${i} ${"x".repeat(200)}`));
  }
}

test("rows are flushed and merged, and everything is there, also after the next start", () =>
  inWorld(async (world) => {
    const engine = await openSmallEngine(world.runtime("a"), "/data", { fsync: "no" });
    for (let round = 0; round < 3; round++) await fill(engine, 600, round);
    expect(engine.statistics.flushCount).toBeGreaterThan(8);
    await world.runtime("a").clock.sleep(1000);
    expect(engine.statistics.compactionCount).toBeGreaterThan(2);
    const check = async (checked: LsmEngine): Promise<void> => {
      for (let i = 0; i < 600; i++) {
        expect(await payloadOf(checked, `key ${i}`)).toBe(`2/${i} ${"x".repeat(200)}`);
      }
      expect(await payloadOf(checked, "key 600")).toBeUndefined();
      expect(checked.counts(0)).toEqual({ rows: 600, expiring: 0 });
      expect((await summaryOfScan(checked)).equals(checked.merkleSummary())).toBe(true);
    };
    await check(engine);
    await engine.close();
    const again = await openSmallEngine(world.runtime("a"), "/data");
    await check(again);
    await again.close();
  }));

test("where room was made for rows, all of them are taken, or else none", () =>
  inWorld(async (world) => {
    const engine = await openSmallEngine(world.runtime("a"), "/data");
    const batch = (round: number): [RowKey, ByteRange][] =>
      Array.from({ length: 100 }, (_, i) => [simpleKey(`${round} ${i}`), simpleCell("v".repeat(i % 50))]);
    let taken = 0;
    const takeAll = (): void => {
      for (;;) {
        const rows = batch(taken);
        const bytes = rows.reduce((sum, [key, cell]) => sum + key.length + cell.end - cell.start, 0);
        engine.reserve(rows.length, bytes);
        for (const [key, cell] of rows) expect(() => engine.put(key, cell)).not.toThrow();
        taken++;
      }
    };
    expect(takeAll).toThrow("rows come faster than they can be flushed");
    expect(engine.counts(0).rows).toBe(taken * 100);
    await engine.close();
  }));

test("a full disk refuses puts, with nothing changed, until there is room again", () =>
  inWorld(async (world) => {
    const runtime = world.runtime("a");
    const engine = await openSmallEngine(runtime, "/data");
    await overwrite(engine, simpleKey("before"), simpleCell("v"));
    world.disk("a").capacityBytes = world.disk("a").usedBytes + 1000;
    const put = async (): Promise<void> => {
      for (let i = 0; i < 100; i++) await overwrite(engine, simpleKey("x"), simpleCell(`${i}`.padEnd(300)));
    };
    await expect(put()).rejects.toMatchObject({ code: "IO", outcome: "unknown" });
    const refused = (): unknown => engine.put(simpleKey("refused"), simpleCell("v"));
    expect(refused).toThrow(expect.objectContaining({ code: "IO", outcome: "not-applied" }));
    expect(refused).toThrow("disk full");
    expect(await payloadOf(engine, "before")).toBe("v");
    expect(await payloadOf(engine, "refused")).toBeUndefined();
    expect(engine.counts(0)).toEqual({ rows: 2, expiring: 0 });
    world.disk("a").capacityBytes = Number.POSITIVE_INFINITY;
    await runtime.clock.sleep(5000);
    await overwrite(engine, simpleKey("after"), simpleCell("v"));
    await engine.close();
    const again = await openSmallEngine(world.runtime("a"), "/data");
    expect(await payloadOf(again, "after")).toBe("v");
    await again.close();
  }));

function isRefused(cause: unknown): false {
  expect(cause).toMatchObject({ name: "StoreError", code: "IO" });
  return false;
}

test("flushes and compactions that fail are tried again and lose nothing; writers are refused meanwhile", () =>
  inWorld(async (world) => {
    const runtime = world.runtime("a");
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) };
    const engine = await openSmallEngine(runtime, "/data", { fsync: "no", logger });
    const disk = world.disk("a");
    disk.intercept = ({ path, kind }) =>
      (path.includes("/tables/") || path.includes("MANIFEST")) && kind !== "read" ? "EIO" : undefined;
    let done = 0;
    const filling = (async () => {
      for (; done < 900; done++) {
        const put = (): Promise<void> =>
          overwrite(engine, simpleKey(`key ${done % 300}`), simpleCell(`${done}`.padEnd(200)));
        while (!(await put().then(() => true, isRefused))) await runtime.clock.sleep(1000);
      }
    })();
    await runtime.clock.sleep(10_000);
    expect(() => engine.put(simpleKey("x"), simpleCell("v"))).toThrow("rows cannot be written to tables");
    expect(await payloadOf(engine, "key 1")).toMatch(/^\d*1 +$/);
    expect(done).toBeLessThan(900);
    expect(engine.statistics.flushCount).toBe(0);
    const chance = world.random("faults");
    disk.intercept = ({ path, kind }) => {
      const isWrite = kind === "append" || kind === "sync" || kind === "syncDirectory";
      return isWrite && !path.includes("/log") && chance.below(5) === 0 ? "EIO" : undefined;
    };
    await filling;
    await runtime.clock.sleep(120_000);
    expect(engine.statistics.fullMemtableCount).toBe(0);
    expect(engine.statistics.compactionCount).toBeGreaterThan(0);
    expect(new Set(warnings)).toContain("a flush failed and is tried again");
    disk.intercept = undefined;
    for (let i = 600; i < 900; i++)
      expect(await payloadOf(engine, `key ${i % 300}`)).toBe(`${i}`.padEnd(200));
    expect((await summaryOfScan(engine)).equals(engine.merkleSummary())).toBe(true);
    await engine.close();
  }));

test("files of tables that are not needed any more go, but not while a scan reads them", () =>
  inWorld(async (world) => {
    const runtime = world.runtime("a");
    const engine = await openSmallEngine(runtime, "/data", { fsync: "no" });
    await fill(engine, 400);
    await runtime.clock.sleep(1000);
    const rows = engine.scan(new Uint8Array(0), undefined);
    expect(await rows.next()).toBe(true);
    for (let round = 1; round < 5; round++) await fill(engine, 400, round);
    await runtime.clock.sleep(1000);
    const tables = (): number => world.disk("a").paths.filter((path) => path.endsWith(".sst")).length;
    expect(tables()).toBeGreaterThan(engine.statistics.tableCount);
    let seen = 1;
    for (; await rows.next(); seen++)
      expect(toText(rows.cell.bytes.subarray(rows.cell.start + 8)).startsWith("0/")).toBe(true);
    expect(seen).toBe(400);
    await runtime.clock.sleep(1000);
    expect(tables()).toBe(engine.statistics.tableCount);
    await engine.close();
  }));

test("forgotten rows go for good when they are merged down, and their space with them", () =>
  inWorld(async (world) => {
    const runtime = world.runtime("a");
    const engine = await openSmallEngine(runtime, "/data", { fsync: "no" });
    await fill(engine, 1000);
    await runtime.clock.sleep(1000);
    const before = engine.statistics.tableBytes;
    for (let i = 0; i < 1000; i++) await overwrite(engine, simpleKey(`key ${i}`), simpleCell("", 1));
    for (let round = 0; round < 5; round++) await fill(engine, 200, round);
    await runtime.clock.sleep(1000);
    expect(engine.counts(0)).toEqual({ rows: 200, expiring: 0 });
    expect(engine.statistics.tableBytes).toBeLessThan((2 / 3) * before); // what was written last is not merged yet
    await engine.close();
  }));

test("what expires gives its space back, though nobody writes any more", () =>
  inWorld(async (world) => {
    const runtime = world.runtime("a");
    const engine = await openSmallEngine(runtime, "/data", { fsync: "no" });
    const expiresAtMs = runtime.clock.wallMs() + 60_000;
    for (let i = 0; i < 1000; i++)
      await overwrite(engine, simpleKey(`key ${i}`), simpleCell("x".repeat(300), expiresAtMs));
    await runtime.clock.sleep(1000);
    const before = engine.statistics.tableBytes;
    expect(before).toBeGreaterThan(200_000);
    await runtime.clock.sleep(60_000);
    for (let round = 0; round < 40; round++) {
      await engine.dropExpired(runtime.clock.wallMs(), 100);
      await runtime.clock.sleep(100);
    }
    expect(engine.counts(0)).toEqual({ rows: 0, expiring: 0 });
    expect(engine.statistics.tableBytes).toBeLessThan(before / 5);
    await engine.close();
  }));

test("deletions that remain of what expires are no rows, are in the sums, and are there after the next start", () =>
  inWorld(async (world) => {
    const runtime = world.runtime("a");
    const deletion = simpleCell("", 2 ** 47).bytes;
    const rules = { ...simpleRules, isCollectible: () => false, remainsOf: () => deletion };
    const engine = await openSmallEngine(runtime, "/data", { fsync: "no", rules });
    const expiresAtMs = runtime.clock.wallMs() + 60_000;
    for (let i = 0; i < 600; i++)
      await overwrite(engine, simpleKey(`key ${i}`), simpleCell("x".repeat(300), expiresAtMs));
    await runtime.clock.sleep(61_000);
    let went = 0;
    for (let step = 0; step < 30; step++) {
      went += await engine.dropExpired(runtime.clock.wallMs(), 60);
      await expectExact(engine);
    }
    expect(went).toBe(600);
    await runtime.clock.sleep(60_000);
    expect(await engine.dropExpired(runtime.clock.wallMs(), 1000)).toBe(0);
    await engine.close();
    const again = await openSmallEngine(runtime, "/data", { rules });
    await expectExact(again);
    expect(again.counts(0)).toEqual({ rows: 0, expiring: 0 });
    expect(await payloadOf(again, "key 599")).toBe("");
    await again.close();
  }));

test("a clear holds through a crash that comes after it, and lets new rows be", () =>
  inWorld(async (world) => {
    const engine = await openSmallEngine(world.runtime("a"), "/data");
    await fill(engine, 500);
    const clearing = engine.clear();
    expect(engine.counts(0)).toEqual({ rows: 0, expiring: 0 });
    expect(engine.get(simpleKey("key 7"), NOWHERE())).toBe(false);
    await overwrite(engine, simpleKey("key 7"), simpleCell("new"));
    await clearing;
    world.crash("a");
    const again = await openSmallEngine(world.runtime("a"), "/data");
    expect(again.counts(0)).toEqual({ rows: 1, expiring: 0 });
    expect(await payloadOf(again, "key 7")).toBe("new");
    expect(await payloadOf(again, "key 8")).toBeUndefined();
    await again.close();
  }));

test("a merge that has to read first loses no write that comes meanwhile", () =>
  inWorld(async (world) => {
    const engine = await openSmallEngine(world.runtime("a"), "/data", { fsync: "no", cacheBytes: 0 });
    await fill(engine, 500);
    await world.runtime("a").clock.sleep(1000);
    const merging = engine.merge(simpleKey("key 1"), simpleCell("z 1"));
    expect(merging).toBeInstanceOf(Promise);
    void engine.put(simpleKey("key 1"), simpleCell("zz 2"), simpleCell(`0/1 ${"x".repeat(200)}`));
    await merging;
    expect(await payloadOf(engine, "key 1")).toBe("zz 2");
    expect((await summaryOfScan(engine)).equals(engine.merkleSummary())).toBe(true);
    await engine.close();
  }));

test("a clear that a crash cuts short, at whatever step, has happened or not", async () => {
  for (let crashAtStep = 0, isThrough = false; !isThrough; crashAtStep++) {
    const world = new SimWorld(crashAtStep);
    const engine = await world.runUntil(openSmallEngine(world.runtime("a"), "/data"));
    await world.runUntil(fill(engine, 300));
    let steps = 0;
    isThrough = true;
    world.disk("a").intercept = () => {
      if (steps++ === crashAtStep) {
        isThrough = false;
        world.crash("a");
      }
      return undefined;
    };
    void engine.clear();
    await world.runFor(1000);
    if (isThrough) world.crash("a");
    world.disk("a").intercept = undefined;
    const again = await world.runUntil(openSmallEngine(world.runtime("a"), "/data"));
    const { rows } = again.counts(0);
    expect(isThrough ? [0] : [0, 300]).toContain(rows);
    expect((await world.runUntil(summaryOfScan(again))).equals(again.merkleSummary())).toBe(true);
    await world.runUntil(again.close());
  }
});
