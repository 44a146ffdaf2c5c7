/**
 * The cells of a transaction's keys, read before its first step so that no step has to wait: steps read from
 * here, and write here and to the engine. The latch keeps everybody else off these keys.
 */
import type { Cell } from "../causality/cell.ts";
import type { KeyRef } from "./step.ts";

export class PinnedCells {
  /** By database, then by key as Latin-1. */
  readonly #cells = new Map<number, Map<string, Cell | undefined>>();
  readonly #writes: Promise<void>[] = [];

  /** Requires: the cell's payloads are its own. */
  set({ database, key }: KeyRef, cell: Cell | undefined): void {
    let cells = this.#cells.get(database);
    if (cells === undefined) {
      cells = new Map();
      this.#cells.set(database, cells);
    }
    cells.set(latin1(key), cell);
  }

  has({ database, key }: KeyRef): boolean {
    return this.#cells.get(database)?.has(latin1(key)) === true;
  }

  get({ database, key }: KeyRef): Cell | undefined {
    return this.#cells.get(database)?.get(latin1(key));
  }

  /** All keys of one database, or of all, are gone. If it has a new number, that has them no more either. */
  clear(database: number | undefined, renumbered = database): void {
    for (const [number, cells] of this.#cells) {
      if (database !== undefined && database !== number) continue;
      for (const key of cells.keys()) cells.set(key, undefined);
      if (renumbered !== undefined) this.#cells.set(renumbered, cells);
    }
  }

  /** The engine takes its time over a write: nobody need wait for it before `settled`. */
  addWrite(write: Promise<void>): void {
    write.catch(() => undefined); // until `settled` asks
    this.#writes.push(write);
  }

  get isWriting(): boolean {
    return this.#writes.length > 0;
  }

  /** Resolves when all writes have been made; rejects as the first that fails. */
  async settled(): Promise<void> {
    await Promise.all(this.#writes);
  }
}

function latin1(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1");
}
