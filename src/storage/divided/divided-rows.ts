/** The rows of a main engine and of some annexes, as one engine's: what goes through many of them, or counts them. */
import type { CellTraits } from "../lsm/table/cell-traits.ts";
import type { MerkleSummary } from "../lsm/table/merkle-summary.ts";
import { scanStart } from "../row-key.ts";
import type { RowCounts, RowIterator, StorageEngine } from "../storage-engine.ts";
import type { Annex } from "./annex.ts";
import { MergedScan } from "./merged-scan.ts";

export interface DividedRowsParts {
  readonly main: StorageEngine;
  /** Those that are open: whoever moves a row notes it there. */
  readonly scans: Set<MergedScan>;
  readonly traits: Pick<CellTraits, "versionRange">;
}

export class DividedRows {
  readonly #parts: DividedRowsParts;
  readonly #annexes: () => readonly Annex[];

  constructor(parts: DividedRowsParts, annexes: () => readonly Annex[]) {
    this.#parts = parts;
    this.#annexes = annexes;
  }

  scan(from: Uint8Array, to: Uint8Array | undefined): RowIterator {
    const { main, scans } = this.#parts;
    const rows = [main.scan(from, to), ...this.#annexes().map(({ engine }) => engine.scan(from, to))];
    const scan = new MergedScan(rows, { from, to }, (closed) => scans.delete(closed));
    scans.add(scan);
    return scan;
  }

  counts(database: number): RowCounts {
    const main = this.#parts.main.counts(database);
    const annexes = this.#annexes();
    if (annexes.length === 0) return main;
    const sum = { rows: main.rows, expiring: main.expiring };
    for (const { engine } of annexes) {
      const { rows, expiring } = engine.counts(database);
      sum.rows += rows;
      sum.expiring += expiring;
    }
    return sum;
  }

  slotCount(slot: number, database: number): number {
    let count = this.#parts.main.slotCount(slot, database);
    for (const { engine } of this.#annexes()) count += engine.slotCount(slot, database);
    return count;
  }

  /** Requires: the main engine sums up its rows. */
  merkleSummary(from: number, to: number): MerkleSummary {
    const { main, traits } = this.#parts;
    const summary = main.merkleSummary!(from, to);
    for (const { engine } of this.#annexes()) {
      const rows = engine.scan(scanStart(from, 0, 0), scanStart(to, 0, 0));
      while (rows.next()) summary.addRow(rows.key, rows.cell, traits);
    }
    return summary;
  }
}
