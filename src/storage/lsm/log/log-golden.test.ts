/**
 * Reads a log file that version 1 wrote, for ever: it was written once, from `goldenSegment`, and is never written
 * again.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type ByteRange, utf8 } from "../../../base/bytes.ts";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { RowKey } from "../../row-key.ts";
import { ROW_FLAG } from "./log-format.ts";
import { recoverLog } from "./log-recovery.ts";
import { Memtable } from "./memtable.ts";
import { Segment, type Superseded } from "./segment.ts";

const HASH_SEED = 3;
const STAMP = 0x89abcdef;
const NUMBER = 7;

interface GoldenRow {
  readonly key: Uint8Array;
  readonly database: number;
  readonly cell: Uint8Array;
  readonly superseded: Superseded;
}

/** Batches of rows: plain, expiring and deleted predecessors, empty and long keys and cells, and of one slot. */
const batches: readonly (readonly GoldenRow[])[] = [
  [row("first", "cell of the first row"), row("", ""), row("{slot}1", "x"), row("{slot}2", "xyz")],
  [row("replaced", "1", { flags: ROW_FLAG.superseded, hashLow: 0x1234_5678, hashHigh: -2 })],
  [
    row("replaced", "longer than before"),
    row("expired", "2", { flags: ROW_FLAG.superseded | ROW_FLAG.supersededExpires, hashLow: 1, hashHigh: 2 }),
    row("was gone", "3", {
      flags: ROW_FLAG.superseded | ROW_FLAG.supersededTombstone,
      hashLow: -3,
      hashHigh: 4,
    }),
    row("k".repeat(200), "c".repeat(1000)),
    { ...row("first", "of another database"), database: 15 },
  ],
];

function row(key: string, cell: string, superseded = { flags: 0, hashLow: 0, hashHigh: 0 }): GoldenRow {
  return { key: utf8(key), database: 0, cell: utf8(cell), superseded };
}

function aim({ key, database }: GoldenRow): RowKey {
  const rowKey = new RowKey(HASH_SEED);
  rowKey.encode(database, key, 0, key.length);
  return rowKey;
}

function goldenSegment(): Segment {
  const memtable = new Memtable(new Segment(NUMBER, new SharedArrayBuffer(4096), STAMP));
  let durableBytes = 0;
  for (const rows of batches) {
    for (const each of rows) {
      memtable.put(aim(each), { bytes: each.cell, start: 0, end: each.cell.length }, each.superseded);
    }
    memtable.segment.seal(durableBytes);
    durableBytes = memtable.segment.sealedBytes;
  }
  memtable.segment.sealEnd();
  return memtable.segment;
}

function golden(): Uint8Array {
  return readFileSync(new URL("../testdata/v1/log/000007.log", import.meta.url));
}

test("a log of version 1 gives every row, and what it superseded", async () => {
  const world = new SimWorld(1);
  const { disk } = world.runtime("a");
  const open = async () => {
    await disk.makeDirectory("/log");
    await (await disk.open("/log/000007.log")).append(golden());
    return recoverLog({
      disk,
      directory: "/log",
      firstNumber: 7,
      segmentBytes: 0,
      hashSeed: HASH_SEED,
      recover: false,
    });
  };
  const { memtables, nextNumber, tornBytes } = await world.runUntil(open());
  expect({ nextNumber, tornBytes }).toEqual({ nextNumber: 8, tornBytes: 0 });
  const [memtable] = memtables;
  const newest = new Map(batches.flat().map((each) => [hexOf(aim(each).copy()), each]));
  expect(memtable!.rowCount).toBe(newest.size);
  const into: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };
  for (const each of newest.values()) {
    expect(memtable!.get(aim(each), into)).toBe(true);
    expect(into.bytes.slice(into.start, into.end)).toEqual(each.cell);
    const superseded = { flags: 0, hashLow: 0, hashHigh: 0 };
    memtable!.segment.supersededInto(memtable!.find(aim(each)), superseded);
    const first = batches.flat().find((other) => hexOf(aim(other).copy()) === hexOf(aim(each).copy()))!;
    expect(superseded).toEqual(first.superseded);
  }
});

test("the same rows are still the same bytes", () => {
  const { bytes, sealedBytes } = goldenSegment();
  expect(hexOf(bytes.slice(0, sealedBytes))).toBe(hexOf(golden()));
});

test("the log with one row is the one that docs/formats/commit-log.md shows", () => {
  const memtable = new Memtable(new Segment(1, new SharedArrayBuffer(1024), STAMP));
  const value = row("a", "cell");
  memtable.put(aim(value), { bytes: value.cell, start: 0, end: 4 }, value.superseded);
  memtable.segment.seal();
  memtable.segment.sealEnd();
  const text = readFileSync(new URL("../../../../docs/formats/commit-log.md", import.meta.url), "utf8");
  const example = text
    .split("A file with one row, closed in order, whole:")[1]!
    .trim()
    .split("\n\n")[0]!
    .split("\n");
  const columns = example.map((line) =>
    line
      .trim()
      .replace(/ {3,}.*/, "")
      .replaceAll(" ", ""),
  );
  expect(columns.join("")).toBe(hexOf(memtable.segment.bytes.slice(0, memtable.segment.sealedBytes)));
});

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
