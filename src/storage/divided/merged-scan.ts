/**
 * Walks the rows of several engines as if they were one's, in row-key order. Rows may go from one engine to another
 * meanwhile: whoever moves one notes it here, so that it is seen wherever this walk is in either engine.
 */
import { type ByteRange, compareBytes } from "../../base/bytes.ts";
import type { RowIterator } from "../storage-engine.ts";

const NOTHING: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };

export class MergedScan implements RowIterator {
  readonly key: ByteRange = { ...NOTHING };
  readonly cell: ByteRange = { ...NOTHING };
  /** Of rows with one key, the last source's counts. */
  readonly #sources: readonly Source[];
  readonly #moved = new MovedRows();
  /** Where there is one engine only: nothing need be copied while nothing is noted. */
  readonly #only: IteratedRows | undefined;
  readonly #to: Uint8Array | undefined;
  readonly #onClose: (scan: MergedScan) => void;
  /** The key that was given last, or where to begin. */
  #position: Uint8Array;
  #positionLength: number;
  #hasBegun = false;
  #isClosed = false;

  constructor(
    iterators: readonly RowIterator[],
    { from, to }: { readonly from: Uint8Array; readonly to: Uint8Array | undefined },
    onClose: (scan: MergedScan) => void,
  ) {
    const iterated = iterators.map((iterator) => new IteratedRows(iterator));
    this.#only = iterated.length === 1 ? iterated[0] : undefined;
    this.#sources = [this.#moved, ...iterated];
    this.#position = from.slice();
    this.#positionLength = from.length;
    this.#to = to?.slice();
    this.#onClose = onClose;
  }

  next(): boolean | Promise<boolean> {
    if (this.#isClosed) return false;
    const only = this.#only;
    if (only !== undefined && !only.hasRow && this.#moved.isEmpty) return this.#nextOf(only);
    for (let i = 0; i < this.#sources.length; i++) {
      const filled = this.#sources[i]!.fill();
      if (filled !== undefined) return filled.then(() => this.next());
    }
    return this.#choose();
  }

  /** A row goes from one engine to another, or may be seen in neither. */
  note(key: Uint8Array, cell: ByteRange): void {
    const order = compareBytes(key, this.#position.subarray(0, this.#positionLength));
    if (order < 0 || (order === 0 && this.#hasBegun)) return;
    if (this.#to === undefined || compareBytes(key, this.#to) < 0) this.#moved.add(key, cell);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const source of this.#sources) source.close();
    this.#onClose(this);
  }

  #nextOf(only: IteratedRows): boolean | Promise<boolean> {
    const moved = only.rows.next();
    return typeof moved === "boolean"
      ? this.#giveOnly(only, moved)
      : moved.then((isThere) => this.#giveOnly(only, isThere));
  }

  #giveOnly(only: IteratedRows, isThere: boolean): boolean | Promise<boolean> {
    if (!this.#moved.isEmpty) {
      only.look(isThere);
      return this.next();
    }
    if (isThere) this.#give(only.rows);
    else this.close();
    return isThere;
  }

  #choose(): boolean {
    let least: Source | undefined;
    for (const source of this.#sources) {
      if (!source.hasRow) continue;
      const order = least === undefined ? -1 : compareBytes(source.keyBytes, least.keyBytes);
      if (order > 0) continue;
      if (order === 0) least!.take();
      least = source;
    }
    if (least === undefined) {
      this.close();
      return false;
    }
    least.take();
    this.#give(least);
    return true;
  }

  #give(row: Pick<RowIterator, "key" | "cell">): void {
    const { bytes, start, end } = row.key;
    const length = end - start;
    if (this.#position.length < length) this.#position = new Uint8Array(2 * length);
    for (let i = 0; i < length; i++) this.#position[i] = bytes[start + i]!;
    this.#positionLength = length;
    this.#hasBegun = true;
    show(this.key, row.key);
    show(this.cell, row.cell);
  }
}

/** Rows in order, the next of them looked at and copied: whoever walks may write in between. */
interface Source {
  readonly hasRow: boolean;
  readonly keyBytes: Uint8Array;
  readonly key: ByteRange;
  readonly cell: ByteRange;
  /** Looks at the next row, if none is at hand. */
  fill(): Promise<void> | undefined;
  /** The row at hand is done with once `fill` is called; until then it can be read. */
  take(): void;
  close(): void;
}

class IteratedRows implements Source {
  hasRow = false;
  keyBytes = NOTHING.bytes;
  key = NOTHING;
  cell = NOTHING;
  readonly rows: RowIterator;
  #isAtEnd = false;

  constructor(rows: RowIterator) {
    this.rows = rows;
  }

  fill(): Promise<void> | undefined {
    if (this.hasRow || this.#isAtEnd) return undefined;
    const moved = this.rows.next();
    if (typeof moved !== "boolean") return moved.then((isThere) => this.look(isThere));
    this.look(moved);
    return undefined;
  }

  take(): void {
    this.hasRow = false;
  }

  close(): void {
    this.rows.close();
  }

  look(isThere: boolean): void {
    this.hasRow = isThere;
    this.#isAtEnd = !isThere;
    if (!isThere) return;
    const { key, cell } = this.rows;
    this.keyBytes = key.bytes.slice(key.start, key.end);
    this.key = rangeOf(this.keyBytes);
    this.cell = rangeOf(cell.bytes.slice(cell.start, cell.end));
  }
}

class MovedRows implements Source {
  /** Sorted by key, the last first. */
  readonly #rows: { readonly key: Uint8Array; readonly cell: Uint8Array }[] = [];
  hasRow = false;
  keyBytes = NOTHING.bytes;
  key = NOTHING;
  cell = NOTHING;

  get isEmpty(): boolean {
    return this.#rows.length === 0;
  }

  add(key: Uint8Array, { bytes, start, end }: ByteRange): void {
    const row = { key: key.slice(), cell: bytes.slice(start, end) };
    let at = this.#rows.length;
    while (at > 0 && compareBytes(this.#rows[at - 1]!.key, key) < 0) at--;
    const isKnown = at > 0 && compareBytes(this.#rows[at - 1]!.key, key) === 0;
    this.#rows.splice(isKnown ? at - 1 : at, isKnown ? 1 : 0, row);
  }

  fill(): undefined {
    const row = this.#rows.at(-1);
    this.hasRow = row !== undefined;
    if (row === undefined) return;
    this.keyBytes = row.key;
    this.key = rangeOf(row.key);
    this.cell = rangeOf(row.cell);
  }

  take(): void {
    this.#rows.pop();
    this.hasRow = false;
  }

  close(): void {
    this.#rows.length = 0;
  }
}

function show(into: ByteRange, { bytes, start, end }: ByteRange): void {
  into.bytes = bytes;
  into.start = start;
  into.end = end;
}

function rangeOf(bytes: Uint8Array): ByteRange {
  return { bytes, start: 0, end: bytes.length };
}
