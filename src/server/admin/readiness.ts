/** Whether a node should be sent requests: for `/readyz`, and whoever balances load. Pure. */

export interface ReadinessFacts {
  /** False once the plan of its cluster has it no more. */
  readonly isMember: boolean;
  readonly diskRefusal: string | undefined;
  readonly membersUp: number;
  readonly members: number;
  readonly isClosing: boolean;
}

export interface Readiness {
  readonly ready: boolean;
  /** Why not, for people; empty if it is. */
  readonly reasons: readonly string[];
}

export function readiness(facts: ReadinessFacts): Readiness {
  const { isMember, diskRefusal, membersUp, members, isClosing } = facts;
  const reasons = [
    ...(isClosing ? ["the node is closing"] : []),
    ...(isMember ? [] : ["the node is no member of its cluster"]),
    ...(diskRefusal === undefined ? [] : [`the disk takes no writes: ${diskRefusal}`]),
    ...(2 * membersUp > members ? [] : [`only ${membersUp} of ${members} members are up`]),
  ];
  return { ready: reasons.length === 0, reasons };
}
