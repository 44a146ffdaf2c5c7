/** Turns what a step wants done to a key into the cell that supersedes the present one, stamped as a write of this node. */
import { assert } from "../base/assert.ts";
import { StoreError } from "../base/errors.ts";
import type { Actor } from "../causality/actor.ts";
import { type Cell, EMPTY_CELL, NEVER, type ValueSibling } from "../causality/cell.ts";
import { liveAt, resolve } from "../causality/cell-value.ts";
import {
  changeExpiry,
  increment,
  overwrite,
  putWithContext,
  remove,
  removeWithContext,
} from "../causality/cell-write.ts";
import { FURTHER_ENTRIES_MAX } from "../causality/compact-cell.ts";
import { counterOf, covers, type VersionVector } from "../causality/version-vector.ts";
import type { RowKey } from "../storage/row-key.ts";
import type { SiblingTally } from "./sibling-tally.ts";
import type { Stamper } from "./stamper.ts";
import type { Change, KeyRef } from "./step.ts";

/** As many as a compact cell has room for. */
const ENTRIES_MAX = FURTHER_ENTRIES_MAX + 1;

export interface SiblingLimits {
  /** A versioned write that would leave more siblings than this is refused. */
  readonly siblingsMax: number;
  /** Told of every change. */
  readonly siblings?: SiblingTally;
}

export interface Write {
  readonly ref: KeyRef;
  readonly cell: Cell;
  readonly before: Cell | undefined;
}

export class CellChanger {
  readonly #stamper: Stamper;
  readonly #limits: SiblingLimits;

  constructor(stamper: Stamper, limits: SiblingLimits) {
    this.#stamper = stamper;
    this.#limits = limits;
  }

  /** Throws StoreError, with no more done than a dot lost, if the change cannot be made. `key`: whose cell it is. */
  changed(cell: Cell | undefined, change: Change, wallMs: number, key: Uint8Array | RowKey): Cell {
    const changed = this.#changed(cell, change, wallMs);
    this.#limits.siblings?.note(cell, changed, key);
    return changed;
  }

  #changed(cell: Cell | undefined, change: Change, wallMs: number): Cell {
    const live = cell === undefined ? undefined : liveAt(cell, wallMs);
    switch (change.kind) {
      case "put":
        if (change.stamp !== undefined && cell !== undefined) {
          if (covers(cell.context, change.stamp.dot)) return cell; // made, or replaced, already
          requireShort(cell.context, change.stamp.dot.actor);
        }
        return this.#put(live, change, wallMs);
      case "patch":
        return this.#put(live, patched(live, change, wallMs), wallMs);
      case "delete":
        return change.context === undefined
          ? remove(live ?? EMPTY_CELL)
          : removeWithContext(live, change.context);
      case "expire":
        assert(live !== undefined, "only what is there can expire");
        return changeExpiry(live, this.#stamper.stamp(wallMs), change.expiresAtMs);
      case "increment":
        return increment(live, this.#stamper.stamp(wallMs).dot, change.by, change.expiresAtMs);
    }
  }

  /**
   * What is to be stored so that the i-th key has its i-th change; of a key that is there twice, both changes in
   * order. Deletions come last: if there is no room for the rest, what they delete is still there.
   */
  writesOf(
    refs: readonly KeyRef[],
    cells: readonly (Cell | undefined)[],
    changes: readonly (Change | undefined)[],
    wallMs: number,
  ): readonly Write[] {
    const writes = new Map<string, Write>();
    refs.forEach((ref, i) => {
      const change = changes[i];
      if (change === undefined) return;
      const id = `${ref.database}:${Buffer.from(ref.key).toString("latin1")}`;
      const cell = this.changed(writes.get(id)?.cell ?? cells[i], change, wallMs, ref.key);
      writes.set(id, { ref, cell, before: cells[i] });
    });
    const isDeletion = ({ cell }: Write): boolean => cell.siblings.length === 0;
    const all = [...writes.values()];
    return [...all.filter((write) => !isDeletion(write)), ...all.filter(isDeletion)];
  }

  #put(
    live: Cell | undefined,
    { value, expiresAtMs, context, stamp }: Change & { kind: "put" },
    wallMs: number,
  ): Cell {
    if (stamp !== undefined) this.#stamper.observe(stamp.hlc, wallMs);
    const { dot, hlc } = stamp ?? this.#stamper.stamp(wallMs);
    const sibling: ValueSibling = { kind: "value", dot, hlc, expiresAtMs, payload: value };
    if (context === undefined) return overwrite(live, sibling);
    const cell = putWithContext(live, context, sibling);
    const { siblingsMax } = this.#limits;
    if (cell.siblings.length > siblingsMax) {
      const text = `the key would have more than ${siblingsMax} siblings: read and merge them first`;
      throw new StoreError("TOO_MANY_SIBLINGS", "not-applied", text);
    }
    return cell;
  }
}

/** Replicas are few; those who have their overwrites made by them may be many. Throws StoreError. */
function requireShort(context: VersionVector, actor: Actor): void {
  if (context.length < ENTRIES_MAX || counterOf(context, actor) > 0) return;
  const text = "too many nodes have written the key: another one's stamp is not taken";
  throw new StoreError("TOO_MANY_SIBLINGS", "not-applied", text);
}

function patched(
  live: Cell | undefined,
  { value: patch, at }: Change & { kind: "patch" },
  wallMs: number,
): Change & { kind: "put" } {
  const present = live === undefined ? undefined : resolve(live, wallMs);
  const value = new Uint8Array(Math.max(present?.payload.length ?? 0, at + patch.length));
  if (present !== undefined) value.set(present.payload);
  value.set(patch, at);
  return { kind: "put", value, expiresAtMs: present?.expiresAtMs ?? NEVER };
}
