/**
 * Moves that wait for their turn, as the plan says without a word for it. Pure.
 *
 *   joining, no tokens                       is to join
 *   leaving, and no move is of it            is to leave: its move was set back
 *   tokens that are not those of its weight  is to be given others: its move was set back
 */
import { type NodeId, TOKENS_PER_WEIGHT } from "../ring/ring-member.ts";
import type { Topology, TopologyMember } from "./topology.ts";

export interface WaitingMove {
  readonly kind: "join" | "leave" | "reweigh";
  readonly id: NodeId;
}

/** In the order in which they are to be tried: first those that make the cluster stronger. */
export function waitingMoves({ members, move }: Topology): readonly WaitingMove[] {
  const waiting = members.filter(({ id }) => id !== move?.id && id !== move?.replaced);
  const are = (kind: WaitingMove["kind"], isSo: (member: TopologyMember) => boolean): WaitingMove[] =>
    waiting.filter(isSo).map(({ id }) => ({ kind, id }));
  return [
    ...are("join", ({ state }) => state === "joining"),
    ...are("leave", ({ state }) => state === "leaving"),
    ...are(
      "reweigh",
      ({ state, tokens, weight }) => state === "member" && tokens.length !== weight * TOKENS_PER_WEIGHT,
    ),
  ];
}
