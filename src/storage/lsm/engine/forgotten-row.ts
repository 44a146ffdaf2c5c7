/**
 * Forgotten rows: a row with an empty cell says that there is no such row, whatever older memtables and
 * tables hold. So rows go by being written, like everything else: counts and Merkle sums stay exact whatever
 * is compacted when, for each version is taken out just once, by the row that supersedes it.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import { NEVER_EXPIRES } from "../../storage-engine.ts";
import type { CellTraits } from "../table/cell-traits.ts";

/** What is put to forget a row. */
export const FORGOTTEN: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };

export function isForgotten({ start, end }: ByteRange): boolean {
  return start === end;
}

/** Long ago, but not never: so the picker of compactions takes a forgotten row for a dead one. */
const FORGOTTEN_WALL_MS = 1;

/**
 * The same traits, which can be asked about forgotten rows too. Their version is of no interest to anybody.
 */
export function withForgotten(traits: CellTraits): CellTraits {
  return {
    expiresAtMs: (cell) => (isForgotten(cell) ? NEVER_EXPIRES : traits.expiresAtMs(cell)),
    isTombstone: (cell) => isForgotten(cell) || traits.isTombstone(cell),
    newestWallMs: (cell) => (isForgotten(cell) ? FORGOTTEN_WALL_MS : traits.newestWallMs(cell)),
    versionRange: (cell, into) => traits.versionRange(cell, into),
  };
}
