/**
 * Ballot: the number of an attempt to change the register. Of two the higher wins; no two proposers share one.
 * Ordered by counter, then by proposer.
 */

export interface Ballot {
  /** From 1 up; 0 only in ZERO_BALLOT. */
  readonly counter: number;
  /** Who made it. Must be one life of a proposer, never used again: or two proposals would share a ballot. */
  readonly proposer: string;
}

/** Below every other. */
export const ZERO_BALLOT: Ballot = { counter: 0, proposer: "" };

export function compareBallots(a: Ballot, b: Ballot): number {
  if (a.counter !== b.counter) return a.counter - b.counter;
  if (a.proposer === b.proposer) return 0;
  return a.proposer < b.proposer ? -1 : 1;
}

/** The least ballot of `proposer` above `ballot`. */
export function nextBallot(ballot: Ballot, proposer: string): Ballot {
  return { counter: ballot.counter + 1, proposer };
}
