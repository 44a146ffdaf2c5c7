/** What the move under way asks of whom: which slots change their owners, from whom to whom. Pure. */
import {
  copiesNext,
  copiesNow,
  ringMembersNext,
  ringMembersNow,
  type Topology,
} from "../../membership/topology.ts";
import { PlacementPlan } from "../../ring/placement-plan.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";

export interface SlotMove {
  readonly slot: number;
  readonly before: readonly NodeId[];
  readonly after: readonly NodeId[];
  /**
   * True if who keeps it now and then must look, too, whether others have what it lacks: of fewer copies a quorum may be of
   * those alone that a write has not reached.
   */
  readonly mustAllLook?: boolean;
}

/** In the order of slots; none if nothing moves. Slots with the same owners share their lists. */
export function slotMovesOf(topology: Topology): readonly SlotMove[] {
  const present = KNOWN.get(topology);
  if (present !== undefined) return present;
  const moves = topology.move === undefined ? [] : find(topology);
  KNOWN.set(topology, moves);
  return moves;
}

/** Who keeps the slot after the move, and may lack something of it before. */
export function gainersOf({ before, after, mustAllLook = false }: SlotMove): readonly NodeId[] {
  return mustAllLook ? after : after.filter((id) => !before.includes(id));
}

/** Who will be no member once the move is over. */
export function departingOf({ move }: Topology): NodeId | undefined {
  return move?.kind === "leave" ? move.id : move?.replaced;
}

/** Computed once a topology: it takes some milliseconds. */
const KNOWN = new WeakMap<Topology, readonly SlotMove[]>();

function find(topology: Topology): readonly SlotMove[] {
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
  const moves: SlotMove[] = [];
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const before = ownersIn(now, slot);
    const after = ownersIn(next, slot);
    if (before === after) continue;
    if (before.length === after.length && before.every((id) => after.includes(id))) continue;
    moves.push({ slot, before, after, mustAllLook });
  }
  return moves;
}
