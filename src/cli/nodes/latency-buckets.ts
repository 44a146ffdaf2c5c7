/**
 * How long a node's commands took, as LATENCY HISTOGRAM tells: cumulative counts by powers of two, in microseconds. Two
 * readings tell of the time between them.
 */
import type { PlainReply } from "../../resp/plain-reply.ts";

/** By upper bound in microseconds: how many commands took longer than half of it, and no longer than it. */
export type LatencyBuckets = ReadonlyMap<number, number>;

/** Of all commands together. `reply`: name, [calls, n, histogram_usec, [bound, cumulative count, ...]], ... */
export function latencyBuckets(reply: PlainReply): LatencyBuckets {
  const buckets = new Map<number, number>();
  for (const [, command] of pairsOf(reply)) {
    const histogram = new Map(pairsOf(command)).get("histogram_usec");
    let before = 0;
    for (const [bound, upTo] of pairsOf(histogram ?? [])) {
      buckets.set(Number(bound), (buckets.get(Number(bound)) ?? 0) + Number(upTo) - before);
      before = Number(upTo);
    }
  }
  return buckets;
}

/** Of the commands since `earlier`; all of them if the node has been started anew meanwhile. */
export function bucketsSince(earlier: LatencyBuckets, later: LatencyBuckets): LatencyBuckets {
  const since = new Map<number, number>();
  for (const [bound, count] of later) {
    const more = count - (earlier.get(bound) ?? 0);
    if (more < 0) return later;
    if (more > 0) since.set(bound, more);
  }
  return since;
}

/** In milliseconds, as if commands were spread evenly within each bucket; undefined if there were none. */
export function percentileMs(buckets: LatencyBuckets, percent: number): number | undefined {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const count = sorted.reduce((sum, [, more]) => sum + more, 0);
  let left = (count * percent) / 100;
  for (const [bound, more] of sorted) {
    if (left <= more) return (bound / 2 + (bound / 2) * (left / more)) / 1_000;
    left -= more;
  }
  return undefined;
}

/** A map, or an array of keys and values. */
function pairsOf(reply: PlainReply): readonly (readonly [PlainReply, PlainReply])[] {
  if (reply instanceof Map) return [...reply];
  if (!Array.isArray(reply)) return [];
  const list = reply as readonly PlainReply[];
  return list.flatMap((key, i) => (i % 2 === 0 ? [[key, list[i + 1] ?? null] as const] : []));
}
