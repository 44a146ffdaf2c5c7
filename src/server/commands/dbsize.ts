/**
 * `DBSIZE` -> how many keys the database holds; some may have expired and not been dropped yet. In a cluster one replica
 * of each slot counts: where it has missed writes or deletions, so has the count.
 */
import type { SessionCommand } from "../command.ts";

export const dbsize: SessionCommand = {
  name: "dbsize",
  kind: "session",
  arity: 1,
  flags: ["readonly", "fast"],
  group: "server",
  since: "1.0.0",
  summary: "Counts the keys of the database.",
  complexity: "O(1)",
  run: ({ server: { clusterDoor, node }, database }) =>
    clusterDoor === undefined ? node.counts(database).rows : clusterDoor.tally.total(database),
};
