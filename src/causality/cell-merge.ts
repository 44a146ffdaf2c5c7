/**
 * The merge of two replicas' knowledge of one row: commutative, associative, idempotent, and loses nothing that
 * neither side has superseded. (Checked against causal histories in cell.property.test.ts.)
 *
 * Siblings merge as in a dotted version vector set: one stays if both sides have it, or if the other side
 * has not seen it. What is known of one actor's increments (its run) merges along: of two runs the later one
 * (the actor began it because the earlier was wholly absorbed), of one run the larger sum and the larger absorption.
 */
import { type Absorption, absorptionOf, type Cell, incrementOf, type Sibling } from "./cell.ts";
import { compareDots, equalDots } from "./dot.ts";
import { counterOf, covers, joinVectors } from "./version-vector.ts";

/** The cell that knows what either knows. May return one of its arguments. */
export function merge(a: Cell, b: Cell): Cell {
  if (a === b) return a;
  const siblings = mergeSiblings(a, b);
  return { context: joinVectors(a.context, b.context), siblings, absorbed: mergeAbsorbed(a, b, siblings) };
}

function mergeSiblings(a: Cell, b: Cell): readonly Sibling[] {
  const fromA = a.siblings.filter((sibling) => has(b, sibling) || !covers(b.context, sibling.dot));
  const fromB = b.siblings.filter((sibling) => !covers(a.context, sibling.dot));
  if (fromB.length === 0) return fromA;
  return [...fromA, ...fromB].sort((left, right) => compareDots(left.dot, right.dot));
}

function has(cell: Cell, sibling: Sibling): boolean {
  return cell.siblings.some((own) => equalDots(own.dot, sibling.dot));
}

function mergeAbsorbed(a: Cell, b: Cell, siblings: readonly Sibling[]): readonly Absorption[] {
  if (a.absorbed.length === 0 && b.absorbed.length === 0) return a.absorbed;
  const merged: Absorption[] = [];
  for (const absorption of a.absorbed) {
    const other = absorptionOf(b.absorbed, absorption.actor);
    if (other !== undefined) merged.push(goesFurther(absorption, other) ? absorption : other);
    else if (isNewsTo(b, absorption)) merged.push(absorption);
  }
  for (const absorption of b.absorbed) {
    if (absorptionOf(a.absorbed, absorption.actor) === undefined && isNewsTo(a, absorption)) {
      merged.push(absorption);
    }
  }
  return merged
    .filter((absorption) => !isOver(absorption, siblings))
    .sort((left, right) => (left.actor < right.actor ? -1 : 1));
}

function goesFurther(a: Absorption, b: Absorption): boolean {
  return a.first !== b.first ? a.first > b.first : a.upTo > b.upTo;
}

/**
 * False if `other`, which has no absorption of the actor, has seen the run and forgotten it: then the actor
 * itself has superseded it (see `forget` in cell-write.ts), and no increment can ever join the run again.
 */
function isNewsTo(other: Cell, { actor, upTo }: Absorption): boolean {
  if (incrementOf(other.siblings, actor) !== undefined) return true;
  return upTo > counterOf(other.context, actor);
}

/** True if the actor has begun a later run. */
function isOver(absorption: Absorption, siblings: readonly Sibling[]): boolean {
  const increment = incrementOf(siblings, absorption.actor);
  return increment !== undefined && increment.first > absorption.first;
}
