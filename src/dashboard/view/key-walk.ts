/** The clockwise walk from a key to the tokens by which its replicas are chosen, as the picture of the ring shows it. */
import { SLOT_COUNT } from "../../ring/slot.ts";
import type { RingOwner } from "../api/answers.ts";
import { turnOf } from "./ring-picture.ts";

export interface WalkStop {
  readonly id: string;
  /** From 1. */
  readonly rank: number;
  /** Of the token, in turns; beyond 1 where the walk has passed the top. */
  readonly turns: number;
  /** Where its number is written: not on another's. */
  readonly labelTurns: number;
}

export interface KeyWalk {
  readonly from: number;
  /** Of the last stop. */
  readonly to: number;
  /** In the order of the walk. */
  readonly stops: readonly WalkStop[];
}

/** So far apart are numbers, in turns. */
const LABEL_GAP = 0.021;

/** `preferenceList`: ids, best first. Those without a token are left out. */
export function keyWalk(
  slot: number,
  preferenceList: readonly string[],
  owners: readonly RingOwner[],
): KeyWalk {
  const from = turnOf(slot);
  const tokensOf = new Map(owners.map(({ id, tokens }) => [id, tokens]));
  const stops = preferenceList
    .map((id, index) => ({ id, rank: index + 1, steps: stepsTo(slot, tokensOf.get(id) ?? []) }))
    .filter(({ steps }) => Number.isFinite(steps))
    .sort((a, b) => a.steps - b.steps)
    .map(({ id, rank, steps }) => ({ id, rank, turns: from + turnOf(steps) }));
  let free = from + LABEL_GAP;
  const labelled = stops.map((stop) => {
    const labelTurns = Math.max(stop.turns, free);
    free = labelTurns + LABEL_GAP;
    return { ...stop, labelTurns };
  });
  return { from, to: labelled.at(-1)?.labelTurns ?? from, stops: labelled };
}

/** Slots from `slot` on to the nearest of these tokens; Infinity if there are none. */
function stepsTo(slot: number, tokens: readonly number[]): number {
  return tokens.reduce((least, token) => Math.min(least, (token - slot + SLOT_COUNT) % SLOT_COUNT), Infinity);
}
