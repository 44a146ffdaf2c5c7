/** Keeps no hints: what a node that is down misses is left to later reads of it. */
import { StoreError } from "../../base/errors.ts";
import type { HintKeeper } from "../../replication/replica-door.ts";

export const noHints: HintKeeper = {
  isSynced: false,
  find: () => undefined,
  add: () => Promise.reject(new StoreError("OVERLOADED", "not-applied", "this node keeps no hints")),
};
