/**
 * A switch that breaks one thing of a simulated cluster's nodes, so that a checker can be seen to find it. It works
 * from outside, at the seams that a node has: production code knows nothing of it.
 */
import type { StorageNode } from "../../node/node.ts";
import type { Seams } from "../world/sim-cluster.ts";

export interface Sabotage {
  readonly name: string;
  /** What it breaks, in a sentence. */
  readonly breaks: string;
  readonly seams: Seams;
}

/** Makes a node do everything the general way, so that what is put in the place of a method sees all of it. */
export function withoutShortcuts(node: StorageNode): void {
  const { received } = node.replica;
  received.mergeAtOnce = () => false;
  if (node.cluster !== undefined) node.cluster.coordinator.overwrite = () => undefined;
}
