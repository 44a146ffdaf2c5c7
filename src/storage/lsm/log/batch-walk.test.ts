import { expect, test } from "vitest";
import { utf8 } from "../../../base/bytes.ts";
import { RowKey } from "../../row-key.ts";
import { type LogBytes, walkBatches } from "./batch-walk.ts";
import { SEGMENT_HEADER_BYTES } from "./log-format.ts";
import { Memtable } from "./memtable.ts";
import { Segment } from "./segment.ts";

const STAMP = 0x5eed;
const VOUCHED_BYTES = 200;
const key = new RowKey(1);

function put(memtable: Memtable, name: string, cell: Uint8Array): void {
  const bytes = utf8(name);
  key.encode(0, bytes, 0, bytes.length);
  memtable.put(key, { bytes: cell, start: 0, end: cell.length }, { flags: 0, hashLow: 0, hashHigh: 0 });
}

function createMemtable(stamp: number): Memtable {
  return new Memtable(new Segment(1, new SharedArrayBuffer(4096), stamp));
}

/** What a disk holds of the segment: its sealed bytes, or the first `length` of them. */
function written({ bytes, sealedBytes }: Segment, length = sealedBytes): LogBytes {
  const copy = new Uint8Array(4096);
  copy.set(bytes.subarray(0, length));
  return { bytes: copy, words: new Int32Array(copy.buffer), length };
}

/** A whole batch of a file with this stamp, that vouches for what is before it. */
function craftedBatch(stamp: number): Uint8Array {
  const memtable = createMemtable(stamp);
  put(memtable, "crafted", utf8("cell"));
  memtable.segment.seal(VOUCHED_BYTES + 100);
  return memtable.segment.bytes.slice(SEGMENT_HEADER_BYTES, memtable.segment.sealedBytes);
}

test.each([
  ["is none without the stamp", STAMP + 1, "torn"],
  ["would be one with it", STAMP, "damaged"],
])("a value that looks like a batch %s", (_, stamp, verdict) => {
  const memtable = createMemtable(STAMP);
  put(memtable, "a", utf8("x".repeat(VOUCHED_BYTES)));
  memtable.segment.seal(0);
  const firstEnd = memtable.segment.sealedBytes;
  put(memtable, "b", craftedBatch(stamp));
  memtable.segment.seal(0);
  const log = written(memtable.segment);
  log.bytes[firstEnd]! ^= 1;
  const walk = walkBatches(log, 1, { isNewest: true });
  expect(walk).toMatchObject({ wholeBytes: firstEnd, verdict: { kind: verdict } });
});

test("a batch that repeats an earlier place in the sequence ends what is whole", () => {
  const memtable = createMemtable(STAMP);
  for (const name of ["a", "b", "c"]) {
    put(memtable, name, utf8("cell"));
    memtable.segment.seal(0);
  }
  const log = written(memtable.segment);
  const batchBytes = (log.length - SEGMENT_HEADER_BYTES) / 3;
  const [second, third] = [1, 2].map((i) => SEGMENT_HEADER_BYTES + i * batchBytes);
  log.bytes.copyWithin(second!, third!, log.length);
  expect(walkBatches(log, 1, { isNewest: true }).wholeBytes).toBe(second);
});

test("to look for batches in a large file that imitates them takes no longer than a few readings of it", () => {
  const length = 1 << 22;
  const bytes = new Uint8Array(length);
  const words = new Int32Array(bytes.buffer);
  // Every word may start a batch of half the file that vouches for what is before it.
  words.fill(length / 2);
  for (let word = 8; word < words.length; word++) words[word] = word % 4 === 0 ? 32 : length / 2;
  const walk = walkBatches({ bytes, words, length }, 1, { isNewest: true });
  expect(walk.verdict.kind).toBe("torn");
});
