/** What `scan` of the engine gives: the rows of one moment, without those that are forgotten. */
import type { ByteRange } from "../../../base/bytes.ts";
import type { StoreError } from "../../../base/errors.ts";
import type { RowIterator } from "../../storage-engine.ts";
import { isForgotten } from "./forgotten-row.ts";
import { MergedRows } from "./merged-rows.ts";
import type { RowSource } from "./row-source.ts";

export class RowScan implements RowIterator {
  readonly key: ByteRange;
  readonly cell: ByteRange;
  readonly #rows: MergedRows;
  readonly #onClose: () => void;
  #isClosed = false;
  /** Why it was cut short. */
  #cut: StoreError | undefined;

  /** The newest source first. `onClose` is called once: at the end, if not before. If reversed, so are all the sources. */
  constructor(sources: readonly RowSource[], onClose: () => void, isReversed = false) {
    this.#rows = new MergedRows(sources, isReversed);
    this.#onClose = onClose;
    this.key = this.#rows.key;
    this.cell = this.#rows.cell;
  }

  next(): boolean | Promise<boolean> {
    for (;;) {
      const moved = this.nextOrForgotten();
      if (moved === true && isForgotten(this.cell)) continue;
      if (typeof moved === "boolean") return moved;
      return moved.then((isThere) => (isThere && isForgotten(this.cell) ? this.next() : isThere));
    }
  }

  /** As `next`, with forgotten rows: for whoever has to bound how many rows are looked at. */
  nextOrForgotten(): boolean | Promise<boolean> {
    if (this.#isClosed) return this.#afterEnd();
    const moved = this.#rows.next();
    return typeof moved === "boolean" ? this.#settle(moved) : moved.then((isThere) => this.#settle(isThere));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#rows.close();
    this.#onClose();
  }

  /** Closes it early: `next`, also one under way, throws `cause` from now on, for there are rows that it has not given. */
  cutShort(cause: StoreError): void {
    if (this.#isClosed) return;
    this.#cut = cause;
    this.close();
  }

  #afterEnd(): false {
    if (this.#cut !== undefined) throw this.#cut;
    return false;
  }

  #settle(isThere: boolean): boolean {
    if (this.#isClosed) return this.#afterEnd(); // while it was reading
    if (!isThere) this.close();
    return isThere;
  }
}
