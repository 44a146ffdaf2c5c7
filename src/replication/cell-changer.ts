/** Turns what a step wants done to a key into the cell that supersedes the present one, stamped as a write of this node. */
import { assert } from "../base/assert.ts";
import { StoreError } from "../base/errors.ts";
import { type Cell, EMPTY_CELL, type ValueSibling } from "../causality/cell.ts";
import { liveAt } from "../causality/cell-value.ts";
import {
  changeExpiry,
  increment,
  overwrite,
  putWithContext,
  remove,
  removeWithContext,
} from "../causality/cell-write.ts";
import type { Stamper } from "./stamper.ts";
import type { Change } from "./step.ts";

export interface SiblingLimits {
  /** A versioned write that would leave more siblings than this is refused. */
  readonly siblingsMax: number;
}

export class CellChanger {
  readonly #stamper: Stamper;
  readonly #limits: SiblingLimits;

  constructor(stamper: Stamper, limits: SiblingLimits) {
    this.#stamper = stamper;
    this.#limits = limits;
  }

  /** Throws StoreError, with no more done than a dot lost, if the change cannot be made. */
  changed(cell: Cell | undefined, change: Change, wallMs: number): Cell {
    const live = cell === undefined ? undefined : liveAt(cell, wallMs);
    switch (change.kind) {
      case "put":
        return this.#put(live, change, wallMs);
      case "delete":
        return change.context === undefined
          ? remove(live ?? EMPTY_CELL)
          : removeWithContext(live, change.context);
      case "expire":
        assert(live !== undefined, "only what is there can expire");
        return changeExpiry(live, this.#stamper.stamp(wallMs), change.expiresAtMs);
      case "increment":
        return increment(live, this.#stamper.stamp(wallMs).dot, change.by);
    }
  }

  #put(
    live: Cell | undefined,
    { value, expiresAtMs, context }: Change & { kind: "put" },
    wallMs: number,
  ): Cell {
    const { dot, hlc } = this.#stamper.stamp(wallMs);
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
