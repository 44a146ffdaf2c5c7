/** What to do with a damaged log file when the node is to start in spite of it. */
import type { ByteRange } from "../../../base/bytes.ts";
import type { Disk } from "../../../runtime/runtime.ts";
import { RowKey } from "../../row-key.ts";
import {
  BATCH_HEADER_BYTES,
  decodeSegmentHeader,
  encodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
} from "./log-format.ts";
import { logName } from "./log-name.ts";
import type { ReadLog } from "./log-reader.ts";
import { Memtable } from "./memtable.ts";
import { replaceFile } from "./replace-file.ts";
import { countRows, forEachRow } from "./row-adoption.ts";
import { Segment, type Superseded } from "./segment.ts";

/** Keeps a copy of the file, as it is, in `directory`; a copy already there stays. Resolves when durable. */
export async function quarantine(disk: Disk, log: ReadLog, directory: string): Promise<void> {
  await disk.makeDirectory(directory);
  const path = await freePath(disk, `${directory}/${logName(log.number)}`);
  const file = await replaceFile(disk, path, new Uint8Array(log.shared, 0, log.lengthBytes));
  await file.close();
  await disk.syncDirectory(directory);
}

/**
 * Writes the file anew with the rows of its whole batches, as one batch. Resolves, when it is durable by all but its
 * name, to the memtable of these rows.
 */
export async function salvage(disk: Disk, log: ReadLog, hashSeed: number): Promise<Memtable> {
  const memtable = copyRows(log, hashSeed);
  const { segment } = memtable;
  if (!segment.seal()) segment.sealEnd();
  const file = await replaceFile(disk, log.path, segment.bytes.subarray(0, segment.sealedBytes));
  await file.close();
  return memtable;
}

function copyRows({ number, path, shared, batches }: ReadLog, hashSeed: number): Memtable {
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
  return memtable;
}

async function freePath(disk: Disk, wanted: string): Promise<string> {
  let path = wanted;
  for (let copy = 2; await disk.exists(path); copy++) path = `${wanted}.${copy}`;
  return path;
}
