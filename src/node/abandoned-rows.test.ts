import { expect, test } from "vitest";
import { AsyncEngine } from "../../test/support/async-engine.ts";
import { utf8 } from "../base/bytes.ts";
import { NEVER } from "../causality/cell.ts";
import { encodeCell } from "../causality/cell-codec.ts";
import { overwrite } from "../causality/cell-write.ts";
import { SimWorld } from "../sim/sim-runtime.ts";
import { MemoryEngine } from "../storage/memory/memory-engine.ts";
import { RowKey } from "../storage/row-key.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import { AbandonedRows } from "./abandoned-rows.ts";
import { soleReplicaRules } from "./cell-rules.ts";

const CELL = encodeCell(
  overwrite(undefined, {
    kind: "value",
    dot: { actor: 1n, counter: 1 },
    hlc: { wallMs: 1, logical: 0 },
    expiresAtMs: NEVER,
    payload: utf8("value"),
  }),
);

function setUp(slowInTen: number) {
  const world = new SimWorld("abandoned");
  const { clock, random } = world.runtime("a");
  const memory = new MemoryEngine({
    rules: soleReplicaRules,
    random,
    clock,
    memoryBytesMax: 0,
    evictionPolicy: "noeviction",
    evictionSamples: 5,
  });
  const engine = new AsyncEngine(memory, { clock, random, slowInTen });
  return { world, clock, engine, rows: new AbandonedRows(engine, clock, 1) };
}

async function fill(world: SimWorld, engine: StorageEngine, database: number, count: number): Promise<void> {
  const row = new RowKey(1);
  for (let i = 0; i < count; i++) {
    const key = utf8(`key:${i}`);
    row.encode(database, key, 0, key.length);
    const stored = engine.put(row, { bytes: CELL, start: 0, end: CELL.length });
    if (stored instanceof Promise) await world.runUntil(stored);
  }
}

test.each([0, 5])(
  "all rows of a number go, and no others; %i of 10 calls are answered later",
  async (slow) => {
    const { world, rows, engine } = setUp(slow);
    await fill(world, engine, 6, 300);
    await fill(world, engine, 7, 1_000);
    await fill(world, engine, 8, 300);
    await world.runUntil(rows.drop(7));
    expect([6, 7, 8].map((database) => engine.counts(database).rows)).toEqual([300, 0, 300]);
  },
);

test("others have their turn while rows go", async () => {
  const { world, clock, rows, engine } = setUp(0);
  await fill(world, engine, 7, 2_000);
  await fill(world, engine, 8, 1);
  const rowsLeft: number[] = [];
  const look = (): void => {
    rowsLeft.push(engine.counts(7).rows);
    if (rowsLeft.at(-1)! > 0) clock.defer(look);
  };
  clock.defer(look);
  await world.runUntil(rows.drop(7));
  expect(rowsLeft.length).toBeGreaterThan(10);
});

test("a node that closes drops no more", async () => {
  const { world, rows, engine } = setUp(0);
  await fill(world, engine, 7, 2_000);
  const dropping = rows.drop(7);
  const closing = rows.close();
  expect(await world.runUntil(dropping)).toBe(false);
  await world.runUntil(closing);
  expect(engine.counts(7).rows).toBeGreaterThan(1_000);
});
