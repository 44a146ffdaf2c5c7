/** One node's place in a simulated cluster, whether it runs or not. */
import type { StorageNode } from "../../node/node.ts";
import type { Server } from "../../server/server.ts";
import type { PlannedNode } from "./cluster-plan.ts";

/** "left": it is no member any more, and has stopped for good. */
export type Phase = "off" | "starting" | "up" | "failed" | "left";

export interface StartOptions {
  readonly peerPort?: number;
  /** The highest version of the peer protocol that it owns up to from now on. */
  readonly speaks?: number;
  readonly join?: readonly string[];
}

export interface Site {
  readonly planned: PlannedNode;
  phase: Phase;
  /** Counts starts, so that an old one's end does not count for a new one. */
  life: number;
  peerPort: number;
  node: StorageNode | undefined;
  /** Of its last start that came so far. */
  server?: Server;
  failure: Error | undefined;
  /** The highest version of the peer protocol that it owns up to; undefined: all it knows. */
  speaks: number | undefined;
  /** The id of the member whose place it takes; "" for nobody's. */
  replaces: string;
  /** Of its cluster's plan; known once it was up. */
  id: string | undefined;
}
