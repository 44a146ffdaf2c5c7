/**
 * Changes of keyspaces that take nothing from what the run's levels promise: levels that overlap at least as much as the
 * default ones, and expiries that no run lives to see, but every replica must agree on. So the checkers may look for all they would
 * look for without keyspaces.
 *
 * Where some are in memory, who is stopped comes back without their rows: the run's bounds and promises know it (run-plan.ts). A cache promises
 * its clients nothing, so one family is for it alone, and the checkers judge that family by what replicas promise each other.
 */
import type { SimRandom } from "../sim-random.ts";

/** The family whose keyspace may evict. */
export const CACHED = "cached";
/** Families whose keys begin so: see RequestMaker. */
const NAMES = ["register", "counter", "versioned", "expiry", "many"];
const LEVELS = [
  ["quorum", "quorum"],
  ["quorum", "all"],
  ["all", "quorum"],
  ["all", "all"],
] as const;
const TTLS = ["0", "10h", "11h", "12d"];

/** Where rows are, and how many at most: more of a cache's than that are written, of others' never. */
const PLACES = [
  ["STORAGE", "memory"],
  ["STORAGE", "memory", "MAXMEMORY", "1gb"],
  ["STORAGE", "disk"],
] as const;
export const CACHE_BYTES_MAX = 4_000;
const CACHE = ["SET", CACHED, "STORAGE", "memory", "MAXMEMORY", `${CACHE_BYTES_MAX}`];
const POLICIES = ["allkeys-lru", "allkeys-lfu", "allkeys-random"];
const CACHE_ONE_IN = 5;

/** The words of KV.KEYSPACE; of some in memory, if so. */
export function drawKeyspaceChange(random: SimRandom, areSomeInMemory = false): readonly string[] {
  const pick = <T>(all: readonly T[]): T => all[random.below(all.length)]!;
  if (areSomeInMemory && random.oneIn(CACHE_ONE_IN))
    return random.oneIn(3) ? ["DROP", CACHED] : [...CACHE, "EVICT", pick(POLICIES)];
  const name = pick(NAMES);
  if (random.oneIn(4)) return ["DROP", name];
  const [read, write] = pick(LEVELS);
  const levels = random.oneIn(2) ? ["READ", read, "WRITE", write] : [];
  const ttl = random.oneIn(2) ? ["TTL", pick(TTLS)] : [];
  const place = areSomeInMemory ? pick(PLACES) : [];
  return ["SET", name, ...levels, ...ttl, ...place];
}
