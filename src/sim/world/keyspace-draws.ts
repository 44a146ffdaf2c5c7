/**
 * Changes of keyspaces that take nothing from what the run's levels promise: levels that overlap at least as much as the
 * default ones, and expiries that no run lives to see, but every replica must agree on. So the checkers may look for all they would
 * look for without keyspaces.
 */
import type { SimRandom } from "../sim-random.ts";

/** Families whose keys begin so: see RequestMaker. */
const NAMES = ["register", "counter", "versioned", "expiry", "many"];
const LEVELS = [
  ["quorum", "quorum"],
  ["quorum", "all"],
  ["all", "quorum"],
  ["all", "all"],
] as const;
const TTLS = ["0", "10h", "11h", "12d"];

/** The words of KV.KEYSPACE. */
export function drawKeyspaceChange(random: SimRandom): readonly string[] {
  const pick = <T>(all: readonly T[]): T => all[random.below(all.length)]!;
  const name = pick(NAMES);
  if (random.oneIn(4)) return ["DROP", name];
  const [read, write] = pick(LEVELS);
  const levels = random.oneIn(2) ? ["READ", read, "WRITE", write] : [];
  const ttl = random.oneIn(2) ? ["TTL", pick(TTLS)] : [];
  return ["SET", name, ...levels, ...ttl];
}
