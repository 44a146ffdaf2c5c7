/**
 * What one version of a row adds to Merkle sums: a hash of its row key and of the version part of its cell. Equal on
 * every replica that has that version. Hot: once per put that supersedes a cell, once per row flushed.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import { type Hash64, hashPair } from "./byte-hash.ts";
import type { CellTraits } from "./cell-traits.ts";

const version: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };

/** Becomes the version hash of the row. Never 0 in both halves: that stands for "no version". */
export function hashVersion(
  into: Hash64,
  key: ByteRange,
  cell: ByteRange,
  traits: Pick<CellTraits, "versionRange">,
): void {
  traits.versionRange(cell, version);
  hashPair(into, key, version);
  if (into.low === 0 && into.high === 0) into.low = 1;
}
