/**
 * Forgets rows that have expired where somebody meets them: the sweep, or whoever reads them. Not those that somebody
 * has read and is about to put, telling that he supersedes what he saw.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import { StoreError } from "../../../base/errors.ts";
import { RowKey } from "../../row-key.ts";
import { type CellRules, NEVER_EXPIRES } from "../../storage-engine.ts";
import type { Forgetting } from "./expiry-sweep.ts";
import { FORGOTTEN } from "./forgotten-row.ts";
import type { Memtables } from "./memtables.ts";
import type { PlainRows } from "./plain-rows.ts";
import { equalRanges } from "./row-source.ts";
import type { RowWriter } from "./row-writer.ts";

export interface ExpiredRowsOptions {
  readonly rules: CellRules;
  readonly memtables: Memtables;
  readonly plain: PlainRows;
  readonly writer: RowWriter;
  readonly hashSeed: number;
  /** Grows whenever rows leave a memtable. */
  readonly mark: () => number;
  readonly isInUse: (rowKeyHash: number) => boolean;
}

export class ExpiredRows {
  /** Forgotten since the start, or replaced by what remains of them. */
  count = 0;
  readonly #options: ExpiredRowsOptions;
  readonly #key: RowKey;
  #present: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };

  constructor(options: ExpiredRowsOptions) {
    this.#options = options;
    this.#key = new RowKey(options.hashSeed);
  }

  /** `cell` is what was seen of the row at `mark`, and has expired; `remains` is to be put in its place, if anything. */
  forgetIfUnchanged(
    key: ByteRange,
    cell: ByteRange,
    mark: number,
    remains: Uint8Array | undefined,
  ): Forgetting {
    const { memtables, isInUse } = this.#options;
    this.#key.load(key.bytes, key.start, key.end);
    if (isInUse(this.#key.hash)) return "not yet";
    if (memtables.find(this.#key, this.#present)) {
      if (!equalRanges(this.#present, cell)) return "changed";
    } else if (mark !== this.#options.mark()) {
      return "unclear";
    }
    this.#forget(this.#key, cell, remains);
    return "forgotten";
  }

  /** As `dropIfExpired` of StorageEngine: only if the row is in memory, as it is when it has just been read. */
  dropIfExpired(key: RowKey, wallMs: number): boolean {
    const { plain, rules, writer, isInUse } = this.#options;
    if (writer.isRefusing || isInUse(key.hash)) return false;
    const present = this.#present;
    const found = plain.get(key, present);
    if (found instanceof Promise) {
      this.#present = { bytes: present.bytes, start: 0, end: 0 }; // the other one is the promise's
      found.catch(() => undefined); // whoever reads the row next is told
      return false;
    }
    if (!found) return false;
    const expiresAtMs = rules.expiresAtMs(present);
    if (expiresAtMs === NEVER_EXPIRES || expiresAtMs > wallMs) return false;
    if (!rules.isCollectible(present, wallMs)) return false;
    try {
      this.#forget(key, present);
      return true;
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      return false; // who only reads is not concerned
    }
  }

  #forget(key: RowKey, cell: ByteRange, remains?: Uint8Array): void {
    const left = remains === undefined ? FORGOTTEN : { bytes: remains, start: 0, end: remains.length };
    this.#options.writer.write(key, left, cell);
    this.count++;
  }
}
