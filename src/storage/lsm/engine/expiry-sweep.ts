/**
 * Looks for rows that have expired, and forgets them or leaves what must remain of them: round after round
 * through all rows in order, some of them in each step, and not before something is due. Where a round found
 * nothing that will ever expire, the next one waits for a put that does.
 *
 * A step sees the rows of the moment it began in. Once rows have gone from a memtable to a table since then,
 * it cannot tell any more whether a row is still what it sees: it ends, and the next one begins at that row.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import { type CellRules, NEVER_EXPIRES } from "../../storage-engine.ts";
import type { RowScan } from "./row-scan.ts";

/** How soon to look again at a row that has expired but must not be forgotten yet. */
const RETRY_MS = 10_000;
const BEGINNING = new Uint8Array(0);

export interface SweptRows {
  scan(from: Uint8Array): RowScan;
  /** To be asked for when a scan begins. */
  mark(): number;
  /** `remains`: of the row; undefined if it is to be forgotten altogether. */
  forgetIfUnchanged(
    key: ByteRange,
    cell: ByteRange,
    mark: number,
    remains: Uint8Array | undefined,
  ): Forgetting;
}

/**
 * "changed": the row is another one by now. "not yet": it must stay for now. "unclear": it may have
 * been put since the mark.
 */
export type Forgetting = "forgotten" | "changed" | "not yet" | "unclear";

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
          isThere ? this.#look(step) || this.#walk(step, rowsMax) : this.#endRound(),
        );
      }
      if (!moved) return this.#endRound();
      if (this.#look(step)) return true;
    }
    this.#from = justAfter(rows.key);
    return true;
  }

  #endRound(): true {
    this.#from = undefined;
    this.#nextDueMs = this.#roundDueMs;
    return true;
  }

  /** True if the step cannot go on: the next one looks at this row again. */
  #look(step: Step): boolean {
    const { key, cell } = step.rows;
    const expiresAtMs = cell.start === cell.end ? NEVER_EXPIRES : this.#rules.expiresAtMs(cell);
    let dueMs = expiresAtMs === NEVER_EXPIRES ? Number.POSITIVE_INFINITY : expiresAtMs;
    if (dueMs <= step.wallMs) {
      const forgetting = this.#forget(step);
      if (forgetting === "unclear") {
        this.#from = key.bytes.slice(key.start, key.end);
        return true;
      }
      if (forgetting === "forgotten") dueMs = Number.POSITIVE_INFINITY;
      if (forgetting === "not yet") dueMs = step.wallMs + RETRY_MS;
    }
    step.lookedAt++;
    if (dueMs < this.#roundDueMs) this.#roundDueMs = dueMs;
    return false;
  }

  #forget(step: Step): Forgetting {
    const { key, cell } = step.rows;
    const isCollectible = this.#rules.isCollectible(cell, step.wallMs);
    if (!isCollectible && this.#rules.remainsOf === undefined) return "not yet";
    const remains = isCollectible ? undefined : this.#rules.remainsOf!(cell);
    const forgetting = this.#rows.forgetIfUnchanged(key, cell, step.mark, remains);
    if (forgetting === "forgotten") step.dropped++;
    return forgetting;
  }
}

/** The least row key that comes after. */
function justAfter({ bytes, start, end }: ByteRange): Uint8Array {
  const after = new Uint8Array(end - start + 1);
  after.set(bytes.subarray(start, end));
  return after;
}
