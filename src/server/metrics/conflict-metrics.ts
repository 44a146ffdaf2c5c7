/** Keys that hold several values at once, by keyspace. */
import type { ConflictCounts } from "../../replication/sibling-tally.ts";
import type { Server } from "../server.ts";
import { type Metric, perKeyspace, type Sample } from "./metric.ts";

const BOUNDS = [2, 3, 4, 6, 8, 16, 32, 64];

export const CONFLICT_METRICS: readonly Metric[] = [
  {
    name: "kvorum_conflicts_total",
    type: "counter",
    help: "Times that this node's copy of a key came to hold one value more, beside others of which its writer had not known.",
    labels: ["keyspace"],
    collect: perKeyspace(({ server }, keyspace) => conflictsOf(server.node.siblings.of(keyspace))),
  },
  {
    name: "kvorum_conflicts_resolved_total",
    type: "counter",
    help: "Times that a key that held several values was left with one or none, by a write here or elsewhere.",
    labels: ["keyspace"],
    collect: perKeyspace(({ server }, keyspace) => server.node.siblings.of(keyspace).ended),
  },
  {
    name: "kvorum_conflicting_keys",
    type: "gauge",
    help: "Keys of which this node's copy holds several values, of those that came to do so since its start; what expires, is evicted or cleared is not seen to go.",
    labels: ["keyspace"],
    collect: perKeyspace(({ server }, keyspace) => unresolved(server.node.siblings.of(keyspace))),
  },
  {
    name: "kvorum_key_siblings",
    type: "histogram",
    help: "How many values a key held after each such conflict.",
    labels: ["keyspace"],
    collect: ({ server }) =>
      server.keyspaces.all.flatMap(({ name }) => siblingSamples(name, server.node.siblings.of(name))),
  },
];

/** Of one keyspace, as the summary tells it. */
export function conflictSummary({ node }: Server, keyspace: string) {
  const counts = node.siblings.of(keyspace);
  return {
    conflicts: conflictsOf(counts),
    resolved: counts.ended,
    unresolved: unresolved(counts),
    most: counts.heldBy.length === 0 ? 0 : counts.heldBy.length - 1,
  };
}

export function conflictsOf({ heldBy }: ConflictCounts): number {
  return heldBy.reduce((sum, count) => sum + count, 0);
}

/** A key may have come to hold several values before this node's start. */
function unresolved({ begun, ended }: ConflictCounts): number {
  return Math.max(0, begun - ended);
}

function siblingSamples(keyspace: string, counts: ConflictCounts): readonly Sample[] {
  const { heldBy } = counts;
  const upTo = (bound: number): number =>
    heldBy.reduce((sum, count, values) => (values <= bound ? sum + count : sum), 0);
  const bucket = (le: string, value: number): Sample => ({
    suffix: "_bucket",
    labels: { keyspace, le },
    value,
  });
  return [
    ...BOUNDS.map((bound) => bucket(String(bound), upTo(bound))),
    bucket("+Inf", conflictsOf(counts)),
    {
      suffix: "_sum",
      labels: { keyspace },
      value: heldBy.reduce((sum, count, values) => sum + count * values, 0),
    },
    { suffix: "_count", labels: { keyspace }, value: conflictsOf(counts) },
  ];
}
