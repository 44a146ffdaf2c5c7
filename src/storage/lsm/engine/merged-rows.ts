/**
 * Merges sources into one: of each row key the version of the newest source that has it, in row-key order.
 * Forgotten rows come too, with their empty cells.
 *
 * Synchronous as long as no source has to read. Hot in scans and compaction.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import { compareRanges, type RowSource } from "./row-source.ts";

interface Head {
  readonly source: RowSource;
  /** Its current row has been used, or it has none yet. */
  isStale: boolean;
  isAtEnd: boolean;
}

export class MergedRows implements RowSource {
  readonly key: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  readonly cell: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  #heads: Head[];
  /** Those that stand at the current row, besides the newest. */
  readonly #ties: Head[] = [];
  readonly #sign: 1 | -1;

  /** The newest source first. They are closed with this. If reversed, so are all the sources. */
  constructor(sources: readonly RowSource[], isReversed = false) {
    this.#sign = isReversed ? -1 : 1;
    this.#heads = sources.map((source) => ({ source, isStale: true, isAtEnd: false }));
  }

  next(): boolean | Promise<boolean> {
    const moves = this.#moveStale();
    return moves === undefined ? this.#take() : moves.then(() => this.#take());
  }

  close(): void {
    for (const { source } of this.#heads) source.close?.();
    this.#heads = [];
  }

  /** Moves every source whose row has been used. A promise if some have to read. */
  #moveStale(): Promise<unknown> | undefined {
    let reading: Promise<void>[] | undefined;
    let hasEnded = false;
    for (const head of this.#heads) {
      if (!head.isStale) continue;
      const moved = head.source.next();
      if (typeof moved !== "boolean") {
        reading ??= [];
        reading.push(moved.then((isThere) => settle(head, isThere)));
        continue;
      }
      settle(head, moved);
      if (!moved) hasEnded = true;
    }
    if (hasEnded && reading === undefined) this.#heads = this.#heads.filter(({ isAtEnd }) => !isAtEnd);
    return reading === undefined ? undefined : Promise.all(reading);
  }

  #take(): boolean {
    let least: Head | undefined;
    const ties = this.#ties;
    ties.length = 0;
    for (const head of this.#heads) {
      if (head.isAtEnd) continue;
      const order = least === undefined ? -1 : this.#sign * compareRanges(head.source.key, least.source.key);
      if (order < 0) {
        least = head;
        ties.length = 0;
      } else if (order === 0) {
        ties.push(head);
      }
    }
    if (least === undefined) return false;
    least.isStale = true;
    for (const head of ties) head.isStale = true;
    copy(least.source.key, this.key);
    copy(least.source.cell, this.cell);
    return true;
  }
}

const NO_BYTES = new Uint8Array(0);

function settle(head: Head, isThere: boolean): void {
  head.isStale = false;
  head.isAtEnd = !isThere;
}

function copy({ bytes, start, end }: ByteRange, into: ByteRange): void {
  into.bytes = bytes;
  into.start = start;
  into.end = end;
}
