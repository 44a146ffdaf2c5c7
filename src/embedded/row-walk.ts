/** Where an iterator of a store stands: it goes through a range of the rows of one moment, either way. */
import { compareBytes } from "../base/bytes.ts";
import type { Moment } from "../storage/lsm/engine/moment.ts";
import type { RowScan } from "../storage/lsm/engine/row-scan.ts";
import { PLAIN_PREFIX_BYTES } from "../storage/plain-key.ts";
import { type KeyRange, keyRangeOf, type RangeBounds, rowKeyAfter, rowKeyAt } from "./key-range.ts";
import { type Format, RangeDecoder, type Stored, VALUE_HEADER_BYTES } from "./stored-value.ts";

export interface WalkOptions extends RangeBounds {
  readonly reverse?: boolean;
  readonly keyEncoding: Format;
  readonly valueEncoding: Format;
}

export class RowWalk {
  readonly #moment: Moment;
  readonly #range: KeyRange;
  readonly #isReversed: boolean;
  readonly #keyFormat: Format;
  readonly #valueFormat: Format;
  readonly #keys = new RangeDecoder();
  readonly #values = new RangeDecoder();
  #rows: RowScan;

  constructor(moment: Moment, options: WalkOptions) {
    this.#moment = moment;
    this.#range = keyRangeOf(options);
    this.#isReversed = options.reverse === true;
    this.#keyFormat = options.keyEncoding;
    this.#valueFormat = options.valueEncoding;
    this.#rows = this.#begin(this.#range);
  }

  /** Moves to the next row; false at the end. */
  next(): boolean | Promise<boolean> {
    return this.#rows.next();
  }

  /** Up to `countMax` times what `take` makes of a row; fewer at the end. Only then a promise if the disk is read. */
  gather<T>(countMax: number, take: () => T, gathered: T[] = []): T[] | Promise<T[]> {
    while (gathered.length < countMax) {
      const moved = this.#rows.next();
      if (moved === false) break;
      if (moved !== true) {
        return moved.then((isThere) => {
          if (!isThere) return gathered;
          gathered.push(take());
          return this.gather(countMax, take, gathered);
        });
      }
      gathered.push(take());
    }
    return gathered;
  }

  /** Of the current row. */
  key(): Stored {
    return this.#keys.decode(this.#rows.key, PLAIN_PREFIX_BYTES, this.#keyFormat);
  }

  value(): Stored {
    return this.#values.decode(this.#rows.cell, VALUE_HEADER_BYTES, this.#valueFormat);
  }

  /** Goes on at `target`, or at the first row after it on its way; a target outside of the range is the end. */
  seek(target: Stored): void {
    const { from, to } = this.#range;
    const at = rowKeyAt(target);
    const isOutside = compareBytes(at, from) < 0 || (to !== undefined && compareBytes(at, to) >= 0);
    this.#rows.close();
    if (isOutside) return;
    this.#rows = this.#begin(this.#isReversed ? { from, to: rowKeyAfter(target) } : { from: at, to });
  }

  close(): void {
    this.#rows.close();
  }

  #begin({ from, to }: KeyRange): RowScan {
    return this.#moment.rows(from, to, this.#isReversed);
  }
}
