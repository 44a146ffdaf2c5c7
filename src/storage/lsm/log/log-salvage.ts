/** What is left of a damaged log file. */
import type { ByteRange } from "../../../base/bytes.ts";
import { RowKey } from "../../row-key.ts";
import {
  BATCH_HEADER_BYTES,
  decodeSegmentHeader,
  encodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
} from "./log-format.ts";
import type { ReadLog } from "./log-reader.ts";
import { Memtable } from "./memtable.ts";
import { countRows, forEachRow } from "./row-adoption.ts";
import { Segment, type Superseded } from "./segment.ts";

/** A memtable of the rows in whole batches, in the order in which they were put. */
export function copyRows({ number, path, shared, batches }: ReadLog, hashSeed: number): Memtable {
  // The rows' links lead through what is damaged: they are of no use, and rows are put again.
  const header = decodeSegmentHeader(new Uint8Array(shared));
  const clearsOlder = header.kind === "valid" && header.clearsOlder;
  new Uint8Array(shared).set(encodeSegmentHeader(number, 0, clearsOlder));
  const source = Segment.existing(shared, shared.byteLength);
  const sizeBytes = Math.max(shared.byteLength, SEGMENT_HEADER_BYTES) + 2 * BATCH_HEADER_BYTES;
  const memtable = new Memtable(
    new Segment(number, new SharedArrayBuffer(sizeBytes), 0, clearsOlder),
    countRows(source, batches, path),
  );
  const key = new RowKey(hashSeed);
  const cell: ByteRange = { bytes: source.bytes, start: 0, end: 0 };
  const superseded: Superseded = { flags: 0, hashLow: 0, hashHigh: 0 };
  forEachRow(source, batches, (offset) => {
    const start = source.keyStart(offset);
    key.load(source.bytes, start, start + source.keyLength(offset));
    cell.start = source.cellStart(offset);
    cell.end = cell.start + source.cellLength(offset);
    source.supersededInto(offset, superseded);
    memtable.put(key, cell, superseded);
  });
  memtable.segment.seal();
  return memtable;
}
