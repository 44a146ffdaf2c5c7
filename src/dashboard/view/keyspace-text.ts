/** A keyspace's settings as people read them. */
import type { Keyspace } from "../api/answers.ts";
import { bytesText } from "./number-text.ts";

/** Where its rows are, and of those in memory how much they may take on each node. */
export function storageText({ storage, maxmemory }: Pick<Keyspace, "storage" | "maxmemory">): string {
  if (maxmemory === undefined) return storage;
  return maxmemory === 0 ? `${storage}, no limit` : `${storage}, ${bytesText(maxmemory)}`;
}
