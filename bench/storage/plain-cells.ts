/** Cells that are nothing but a value: what the engine has to know of them. */

import type { CellTraits } from "../../src/storage/lsm/table/cell-traits.ts";
import type { CellRules } from "../../src/storage/storage-engine.ts";

export const plainRules: CellRules = {
  merge: (_, incoming) => incoming,
  expiresAtMs: () => 0,
  isCollectible: () => false,
};

export const plainTraits: CellTraits = {
  expiresAtMs: () => 0,
  newestWallMs: () => 0,
  isTombstone: () => false,
  versionRange({ bytes, start }, into) {
    into.bytes = bytes;
    into.start = start;
    into.end = start + 16;
  },
};
