/** Rows in row-key order, as scans merge them. */
import type { ByteRange } from "../../../base/bytes.ts";

export interface RowSource {
  /** Row key and cell of the current row, until the next call of `next`. */
  readonly key: ByteRange;
  readonly cell: ByteRange;
  next(): boolean | Promise<boolean>;
  close?(): void;
}

/** As compareBytes, of ranges. */
export function compareRanges(a: ByteRange, b: ByteRange): number {
  const length = Math.min(a.end - a.start, b.end - b.start);
  for (let i = 0; i < length; i++) {
    const difference = a.bytes[a.start + i]! - b.bytes[b.start + i]!;
    if (difference !== 0) return difference;
  }
  return a.end - a.start - (b.end - b.start);
}

/** True if the ranges hold the same bytes. */
export function equalRanges(a: ByteRange, b: ByteRange): boolean {
  if (a.bytes === b.bytes && a.start === b.start && a.end === b.end) return true;
  return compareRanges(a, b) === 0;
}

export function rangeOf(bytes: Uint8Array): ByteRange {
  return { bytes, start: 0, end: bytes.length };
}
