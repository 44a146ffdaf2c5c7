/** Ranges of keys as abstract-level has them, as row keys: `from` <= row key < `to`, without end if undefined. */
import { utf8 } from "../base/bytes.ts";
import { PLAIN_PREFIX_BYTES } from "../storage/plain-key.ts";
import type { Stored } from "./stored-value.ts";

/** Of two lower or two upper bounds the inclusive one counts. */
export interface RangeBounds {
  readonly gt?: Stored;
  readonly gte?: Stored;
  readonly lt?: Stored;
  readonly lte?: Stored;
}

export interface KeyRange {
  readonly from: Uint8Array;
  readonly to: Uint8Array | undefined;
}

export function keyRangeOf({ gt, gte, lt, lte }: RangeBounds): KeyRange {
  return { from: lowerBound(gt, gte), to: upperBound(lt, lte) };
}

export function isWholeRange({ gt, gte, lt, lte }: RangeBounds): boolean {
  return gt === undefined && gte === undefined && lt === undefined && lte === undefined;
}

/** The row key of `key`. */
export function rowKeyAt(key: Stored): Uint8Array {
  return encode(key, 0);
}

/** The first row key that may stand after that of `key`. */
export function rowKeyAfter(key: Stored): Uint8Array {
  return encode(key, 1);
}

function lowerBound(gt: Stored | undefined, gte: Stored | undefined): Uint8Array {
  if (gte !== undefined) return rowKeyAt(gte);
  return gt === undefined ? new Uint8Array(PLAIN_PREFIX_BYTES) : rowKeyAfter(gt);
}

function upperBound(lt: Stored | undefined, lte: Stored | undefined): Uint8Array | undefined {
  if (lte !== undefined) return rowKeyAfter(lte);
  return lt === undefined ? undefined : rowKeyAt(lt);
}

/** Zeros follow the key. */
function encode(key: Stored, zeroCount: number): Uint8Array {
  const bytes = typeof key === "string" ? utf8(key) : key;
  const encoded = new Uint8Array(PLAIN_PREFIX_BYTES + bytes.length + zeroCount);
  encoded.set(bytes, PLAIN_PREFIX_BYTES);
  return encoded;
}
