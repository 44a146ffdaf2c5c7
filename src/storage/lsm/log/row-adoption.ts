/** Indexes the rows of a segment that was read from its file: the bytes are the rows, nothing is encoded again. */
import { hashRow, KEY_BYTES_MAX } from "../../row-key.ts";
import { corruption } from "../table/corruption.ts";
import type { Batch } from "./batch-walk.ts";
import { BATCH_HEADER_BYTES, ROW_HEADER_BYTES, rowBytes } from "./log-format.ts";
import { Memtable } from "./memtable.ts";
import type { Segment } from "./segment.ts";

const ROW_KEY_BYTES_MIN = 6;
const ROW_KEY_BYTES_MAX = KEY_BYTES_MAX + 8;

/**
 * The memtable of a segment whose rows are in `batches`. `hashSeed` is that of the RowKeys it will be asked with.
 * Throws StoreError CORRUPTION if a whole batch holds what no writer writes: `path` is for the message.
 */
export function adoptRows(
  segment: Segment,
  batches: readonly Batch[],
  { hashSeed, path }: { readonly hashSeed: number; readonly path: string },
): Memtable {
  const { bytes } = segment;
  const memtable = new Memtable(segment, countRows(segment, batches, path));
  forEachRow(segment, batches, (offset) => {
    const start = segment.keyStart(offset);
    const hash = hashRow(bytes, start, start + segment.keyLength(offset), hashSeed);
    if (!memtable.adopt(offset, hash)) throw corruption(path, offset, "a row is not linked as it should be");
  });
  return memtable;
}

/** Calls `onRow` with the offset of each row, in order. Requires: `countRows` found them in order. */
export function forEachRow(
  segment: Segment,
  batches: readonly Batch[],
  onRow: (offset: number) => void,
): void {
  for (const { start, end } of batches) {
    let offset = start + BATCH_HEADER_BYTES;
    while (offset < end) {
      onRow(offset);
      offset += rowBytes(segment.keyLength(offset), segment.cellLength(offset));
    }
  }
}

/** How many rows there are. Throws StoreError CORRUPTION unless they fill their batches. */
export function countRows(segment: Segment, batches: readonly Batch[], path: string): number {
  let count = 0;
  for (const { start, end } of batches) {
    for (let offset = start + BATCH_HEADER_BYTES; offset < end; count++) {
      const next = nextRow(segment, offset, end);
      if (next === 0) throw corruption(path, offset, "a row does not fit its batch");
      offset = next;
    }
  }
  return count;
}

/** Where the row after the one at `offset` starts; 0 if that is no row, or ends after `end`. */
function nextRow(segment: Segment, offset: number, end: number): number {
  if (end - offset < ROW_HEADER_BYTES) return 0;
  const keyLength = segment.keyLength(offset);
  const cellLength = segment.cellLength(offset);
  if (keyLength < ROW_KEY_BYTES_MIN || keyLength > ROW_KEY_BYTES_MAX) return 0;
  if (cellLength < 0 || cellLength > end - offset) return 0;
  const next = offset + rowBytes(keyLength, cellLength);
  return next <= end ? next : 0;
}
