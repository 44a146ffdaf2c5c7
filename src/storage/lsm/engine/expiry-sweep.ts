/**
 * Looks for rows that have expired and may be forgotten: round after round through all rows in order, some of
 * them in each step, and not before something is due. Where a round found nothing that will ever expire, the
 * next one waits for a put that does.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import { type CellRules, NEVER_EXPIRES } from "../../storage-engine.ts";
import type { RowScan } from "./row-scan.ts";

/** How soon to look again at a row that has expired but may not be forgotten yet. */
const RETRY_MS = 1000;
const BEGINNING = new Uint8Array(0);

export interface SweptRows {
  scan(from: Uint8Array): RowScan;
  /** To be asked for when a scan begins. */
  mark(): number;
  /** Forgets the row unless it may have been put since then. Returns whether it did. */
  forgetIfUnchanged(key: ByteRange, cell: ByteRange, mark: number): boolean;
}

interface Step {
  readonly rows: RowScan;
  readonly mark: number;
  readonly wallMs: number;
  lookedAt: number;
  dropped: number;
}

export class ExpirySweep {
  readonly #rules: CellRules;
  readonly #rows: SweptRows;
  /** No row expires before. At the start nobody knows. */
  #nextDueMs = 0;
  /** As far as this round has seen. */
  #roundDueMs = Number.POSITIVE_INFINITY;
  /** Where the round goes on; undefined if none is under way. */
  #from: Uint8Array | undefined;
  #isStepping = false;

  constructor(rules: CellRules, rows: SweptRows) {
    this.#rules = rules;
    this.#rows = rows;
  }

  /** Hot: a row was put that expires then, or never. */
  onPut(expiresAtMs: number): void {
    if (expiresAtMs === NEVER_EXPIRES) return;
    if (expiresAtMs < this.#nextDueMs) this.#nextDueMs = expiresAtMs;
    if (expiresAtMs < this.#roundDueMs) this.#roundDueMs = expiresAtMs;
  }

  /** Looks at about `rowsMax` rows. Returns how many went; a promise if it has to read. */
  step(wallMs: number, rowsMax: number): number | Promise<number> {
    if (this.#isStepping) return 0;
    if (this.#from === undefined) {
      if (wallMs < this.#nextDueMs) return 0;
      this.#roundDueMs = Number.POSITIVE_INFINITY;
    }
    const rows = this.#rows.scan(this.#from ?? BEGINNING);
    const step = { rows, mark: this.#rows.mark(), wallMs, lookedAt: 0, dropped: 0 };
    this.#isStepping = true;
    let isOver: boolean | Promise<boolean> = true;
    try {
      isOver = this.#walk(step, rowsMax);
    } finally {
      if (typeof isOver === "boolean") this.#end(step);
    }
    if (typeof isOver === "boolean") return step.dropped;
    return isOver.then(() => step.dropped).finally(() => this.#end(step));
  }

  #end(step: Step): void {
    this.#isStepping = false;
    step.rows.close();
  }

  /** True, or a promise of that, when the step is over. */
  #walk(step: Step, rowsMax: number): boolean | Promise<boolean> {
    const { rows } = step;
    while (step.lookedAt < rowsMax) {
      const moved = rows.nextOrForgotten();
      if (typeof moved !== "boolean") {
        return moved.then((isThere) =>
          isThere ? this.#look(step) && this.#walk(step, rowsMax) : this.#endRound(),
        );
      }
      if (!moved) return this.#endRound();
      this.#look(step);
    }
    const { bytes, start, end } = rows.key;
    this.#from = Uint8Array.of(...bytes.subarray(start, end), 0);
    return true;
  }

  #endRound(): true {
    this.#from = undefined;
    this.#nextDueMs = this.#roundDueMs;
    return true;
  }

  #look(step: Step): true {
    step.lookedAt++;
    const { key, cell } = step.rows;
    if (cell.start === cell.end) return true;
    const expiresAtMs = this.#rules.expiresAtMs(cell);
    if (expiresAtMs === NEVER_EXPIRES) return true;
    let dueMs = expiresAtMs;
    if (expiresAtMs <= step.wallMs) {
      if (!this.#rules.isCollectible(cell, step.wallMs)) dueMs = step.wallMs + RETRY_MS;
      else if (this.#rows.forgetIfUnchanged(key, cell, step.mark)) {
        step.dropped++;
        return true;
      } // else the next round sees what has become of it
    }
    if (dueMs < this.#roundDueMs) this.#roundDueMs = dueMs;
    return true;
  }
}
