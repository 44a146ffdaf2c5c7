/** What tables ask of the cells they keep: injected, for storage does not know what a cell means. Pure. */
import type { ByteRange } from "../../../base/bytes.ts";

export interface CellTraits {
  /** Wall time at which the whole cell has expired, or NEVER_EXPIRES. */
  expiresAtMs(cell: ByteRange): number;
  /** True if the cell has no content, live or expired: it only says that something was deleted. */
  isTombstone(cell: ByteRange): boolean;
  /** Wall part of the newest hybrid clock in the cell; 0 if there is none. */
  newestWallMs(cell: ByteRange): number;
  /** Points `into` at the part of the cell that differs whenever the version does: what Merkle trees hash. */
  versionRange(cell: ByteRange, into: ByteRange): void;
}
