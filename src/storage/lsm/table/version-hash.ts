/**
 * What one version of a row adds to Merkle sums: a hash of its row key and of the version part of its cell. Equal on
 * every replica that has that version. Rows of OWN_DATABASE add nothing: no other replica has them. Hot: once per put that supersedes a cell, once per row flushed.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import { databaseOfRow, OWN_DATABASE } from "../../row-key.ts";
import { type Hash64, hashPair } from "./byte-hash.ts";
import type { CellTraits } from "./cell-traits.ts";

const version: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };

/** Becomes the version hash of the row; 0 in both halves stands for "no version", and is only that of a node's own row. */
export function hashVersion(
  into: Hash64,
  key: ByteRange,
  cell: ByteRange,
  traits: Pick<CellTraits, "versionRange">,
): void {
  if (databaseOfRow(key.bytes, key.start) === OWN_DATABASE) {
    into.low = 0;
    into.high = 0;
    return;
  }
  traits.versionRange(cell, version);
  hashPair(into, key, version);
  if (into.low === 0 && into.high === 0) into.low = 1;
}
