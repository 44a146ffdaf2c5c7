/**
 * The rows of tables that follow each other without overlap, as one source: each is begun when it is come to.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import type { RowSource } from "./row-source.ts";

const NOWHERE: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };

export class TableRun implements RowSource {
  readonly #begin: readonly (() => RowSource)[];
  #following = 0;
  #current: RowSource | undefined;

  /** Requires: each one's rows stand after those of the one before; before them if all are reversed. */
  constructor(begin: readonly (() => RowSource)[]) {
    this.#begin = begin;
  }

  get key(): ByteRange {
    return this.#current?.key ?? NOWHERE;
  }

  get cell(): ByteRange {
    return this.#current?.cell ?? NOWHERE;
  }

  next(): boolean | Promise<boolean> {
    for (;;) {
      const moved = this.#current?.next() ?? false;
      if (moved === true) return true;
      if (moved !== false) return moved.then((isThere) => isThere || this.next());
      if (this.#following >= this.#begin.length) return false;
      this.#current?.close?.();
      this.#current = this.#begin[this.#following++]!();
    }
  }

  close(): void {
    this.#current?.close?.();
    this.#following = this.#begin.length;
  }
}
