/** What the move under way asks of whom: which slots change their owners, from whom to whom. Pure. */
import {
  copiesNext,
  copiesNow,
  ringMembersNext,
  ringMembersNow,
  type Topology,
} from "../../membership/topology.ts";
import { mergedStarts, PlacementPlan } from "../../ring/placement-plan.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";

/** Of all slots `first` to `last`. */
export interface SpanMove extends OwnersMove {
  readonly first: number;
  readonly last: number;
}

export interface SlotMove extends OwnersMove {
  readonly slot: number;
}

export interface OwnersMove {
  readonly before: readonly NodeId[];
  readonly after: readonly NodeId[];
  /**
   * True if who keeps it now and then must look, too, whether others have what it lacks: of fewer copies a quorum may be of
   * those alone that a write has not reached.
   */
  readonly mustAllLook?: boolean;
}

/** In the order of slots; none if nothing moves. */
export function slotMovesOf(topology: Topology): readonly SlotMove[] {
  return spanMovesOf(topology).flatMap(slotsOf);
}

export function slotsOf({ first, last, before, after, mustAllLook = false }: SpanMove): readonly SlotMove[] {
  const moves: SlotMove[] = [];
  for (let slot = first; slot <= last; slot++) moves.push({ slot, before, after, mustAllLook });
  return moves;
}

/** As `slotMovesOf`; spans of the same owners share their lists. */
export function spanMovesOf(topology: Topology): readonly SpanMove[] {
  const present = KNOWN.get(topology);
  if (present !== undefined) return present;
  const moves = topology.move === undefined ? [] : find(topology);
  KNOWN.set(topology, moves);
  return moves;
}

/** Who keeps the slot after the move, and may lack something of it before. */
export function gainersOf({ before, after, mustAllLook = false }: OwnersMove): readonly NodeId[] {
  return mustAllLook ? after : after.filter((id) => !before.includes(id));
}

/** Whoever gains a slot. */
export function gainersIn(topology: Topology): readonly NodeId[] {
  return [...new Set(spanMovesOf(topology).flatMap(gainersOf))];
}

/** Who will be no member once the move is over. */
export function departingOf({ move }: Topology): NodeId | undefined {
  return move?.kind === "leave" ? move.id : move?.replaced;
}

/** Computed once a topology: everybody does when it comes, and requests wait meanwhile. */
const KNOWN = new WeakMap<Topology, readonly SpanMove[]>();

function find(topology: Topology): readonly SpanMove[] {
  const now = new PlacementPlan(ringMembersNow(topology), copiesNow(topology));
  const next = new PlacementPlan(ringMembersNext(topology), copiesNext(topology));
  const mustAllLook = topology.move?.kind === "copies";
  const shared = new Map<string, readonly NodeId[]>();
  const ownersIn = (plan: PlacementPlan, slot: number): readonly NodeId[] => {
    const owners = plan.replicasOf(slot);
    const name = owners.join();
    const known = shared.get(name);
    if (known === undefined) shared.set(name, owners);
    return known ?? owners;
  };
  const moves: SpanMove[] = [];
  const starts = mergedStarts([now.starts, next.starts]);
  starts.forEach((first, i) => {
    const before = ownersIn(now, first);
    const after = ownersIn(next, first);
    if (before === after) return;
    if (before.length === after.length && before.every((id) => after.includes(id))) return;
    const last = (starts[i + 1] ?? SLOT_COUNT) - 1;
    moves.push({ first, last, before, after, mustAllLook });
  });
  return moves;
}
