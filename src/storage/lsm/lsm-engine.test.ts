import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { ByteRange } from "../../base/bytes.ts";
import { toText } from "../../base/bytes.ts";
import { createNodejsRuntime } from "../../runtime/nodejs/nodejs-runtime.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import type { RowKey } from "../row-key.ts";
import {
  type EngineUnderTest,
  simpleCell,
  simpleKey,
  testStorageEngine,
} from "../storage-engine.contract.ts";
import type { StorageEngine } from "../storage-engine.ts";
import type { LsmEngineOptions } from "./engine/lsm-options.ts";
import { openSmallEngine, overwrite, summaryOfScan } from "./engine/small-engine.oracle.ts";
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

testStorageEngine("LsmEngine, simulated disk", () => createSimulated({ fsync: "everysec" }));
testStorageEngine("LsmEngine, simulated disk, all in one memtable", () =>
  createSimulated({ fsync: "no", segmentBytes: 2 ** 24 }),
);
testStorageEngine("LsmEngine, real disk", () => createReal({ fsync: "no" }));

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
