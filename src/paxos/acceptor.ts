/**
 * Acceptor: the memory of a CASPaxos register, one of several.
 * Source: Rystsov 2018, "CASPaxos: Replicated State Machines without logs", arXiv:1802.07000.
 *
 *   prepare b     b > promised                      -> promise b; answer with what was accepted last
 *   accept b v    b >= promised                     -> promise b, accept (b, v)
 *   otherwise     conflict: answer with the promise that stands in the way
 *
 * A pure step from state to state. Requires of its driver: the new state is durable before the answer leaves, and
 * steps do not overlap. A promise forgotten is a value lost.
 */
import { type Ballot, compareBallots, ZERO_BALLOT } from "./ballot.ts";

export interface Accepted {
  readonly ballot: Ballot;
  /** Opaque; undefined: the register has not been written. */
  readonly value: Uint8Array | undefined;
}

export interface AcceptorState {
  readonly promised: Ballot;
  readonly accepted: Accepted;
}

export type AcceptorRequest =
  | { readonly kind: "prepare"; readonly ballot: Ballot }
  | { readonly kind: "accept"; readonly ballot: Ballot; readonly value: Uint8Array | undefined };

export type AcceptorReply =
  | { readonly kind: "promised"; readonly ballot: Ballot; readonly accepted: Accepted }
  | { readonly kind: "accepted"; readonly ballot: Ballot }
  /** `ballot` is the request's; `promised` the one in the way. */
  | { readonly kind: "conflict"; readonly ballot: Ballot; readonly promised: Ballot };

export const EMPTY_ACCEPTOR: AcceptorState = {
  promised: ZERO_BALLOT,
  accepted: { ballot: ZERO_BALLOT, value: undefined },
};

/** The same `state` means that there is nothing to make durable. */
export function acceptorStep(
  state: AcceptorState,
  request: AcceptorRequest,
): { readonly state: AcceptorState; readonly reply: AcceptorReply } {
  const { ballot } = request;
  const order = compareBallots(ballot, state.promised);
  if (order < 0 || (order === 0 && request.kind === "prepare")) {
    return { state, reply: { kind: "conflict", ballot, promised: state.promised } };
  }
  if (request.kind === "prepare") {
    const { accepted } = state;
    return { state: { promised: ballot, accepted }, reply: { kind: "promised", ballot, accepted } };
  }
  const accepted = { ballot, value: request.value };
  return { state: { promised: ballot, accepted }, reply: { kind: "accepted", ballot } };
}
