/**
 * What a cell tells a replica that has seen more than its row says: all writes of the row's slot that a bound covers.
 * Such a write is in the replica's row, or it is over: it was replaced or deleted, though nothing of that is kept any more.
 */
import type { Cell } from "./cell.ts";
import { equalDots } from "./dot.ts";
import { covers, descends, type VersionVector } from "./version-vector.ts";

/**
 * The part of `incoming` that may be merged into `present`: all but siblings that are over. Undefined if nothing is left of
 * it, and `present` is, too: whoever sent it has what was forgotten here. May return `incoming`.
 */
export function newsOf(incoming: Cell, present: Cell | undefined, bound: VersionVector): Cell | undefined {
  const siblings = incoming.siblings.filter(
    ({ dot }) => !covers(bound, dot) || present?.siblings.some((own) => equalDots(own.dot, dot)) === true,
  );
  if (siblings.length === 0 && present === undefined && descends(bound, incoming.context)) return undefined;
  return siblings.length === incoming.siblings.length ? incoming : { ...incoming, siblings };
}
