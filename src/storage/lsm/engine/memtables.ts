/**
 * The memtables of an engine: the active one, into which rows are put, full ones on their way into tables, and those
 * that are in tables, but still read.
 *
 * Hot: `find`; its parts are watched by `bench -- log` and `bench -- table`.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import type { Random } from "../../../runtime/runtime.ts";
import type { RowKey } from "../../row-key.ts";
import { padded } from "../log/log-format.ts";
import { Memtable } from "../log/memtable.ts";
import { MemtableScan } from "../log/memtable-scan.ts";
import { Segment } from "../log/segment.ts";
import { RetainedMemtables } from "./retained-memtables.ts";
import type { RowSource } from "./row-source.ts";

export class Memtables {
  /** Of a memtable, unless it is made for larger rows. */
  readonly segmentBytes: number;
  readonly #random: Pick<Random, "uint32">;
  #active: Memtable;
  /** Oldest first. */
  #full: Memtable[];
  readonly #retained: RetainedMemtables;
  /** Retained ones whose log files are gone. */
  readonly #withoutFile = new Set<Memtable>();
  /** A buffer that nobody reads any more. */
  #spare: SharedArrayBuffer | undefined;
  #scanCount = 0;

  /** Oldest first, the last one being active. `retainedBytes`: of those that are in tables. */
  constructor(
    memtables: readonly Memtable[],
    segmentBytes: number,
    retainedBytes: number,
    random: Pick<Random, "uint32">,
  ) {
    this.segmentBytes = segmentBytes;
    this.#retained = new RetainedMemtables(retainedBytes);
    this.#random = random;
    this.#full = memtables.slice(0, -1);
    this.#active = memtables.at(-1)!;
  }

  /** `rowsExpected` spares the index to grow. */
  static create(
    number: number,
    shared: SharedArrayBuffer,
    random: Pick<Random, "uint32">,
    clearsOlder = false,
    rowsExpected = 0,
  ): Memtable {
    return new Memtable(new Segment(number, shared, random.uint32(), clearsOlder), rowsExpected);
  }

  get active(): Memtable {
    return this.#active;
  }

  /** Oldest first. */
  get full(): readonly Memtable[] {
    return this.#full;
  }

  /** Of buffers and indexes. */
  get memoryBytes(): number {
    let bytes = (this.#spare?.byteLength ?? 0) + this.#retained.sizeBytes;
    for (const memtable of this.#all()) bytes += memtable.segment.bytes.length + memtable.indexBytes;
    return bytes;
  }

  get liveBytes(): number {
    return this.#all().reduce((bytes, { segment, indexBytes }) => bytes + segment.tail + indexBytes, 0);
  }

  /**
   * Points `into` at the cell of the key's newest row, which may be a forgotten one; false if there is none.
   */
  find(key: RowKey, into: ByteRange): boolean {
    return this.#active.get(key, into) || (this.#full.length > 0 && this.findFull(key, into));
  }

  /** As `find`, also in those that are in tables. */
  findAll(key: RowKey, into: ByteRange): boolean {
    return this.find(key, into) || this.#retained.find(key, into);
  }

  /** Where the key's newest row is that is in no table yet; undefined if there is none. */
  placeOf(key: RowKey): { readonly segment: Segment; readonly offset: number } | undefined {
    return [...this.#all()]
      .reverse()
      .map((memtable) => ({ segment: memtable.segment, offset: memtable.find(key) }))
      .find(({ offset }) => offset !== 0);
  }

  /** See RetainedMemtables.firstSegment. */
  get firstRetained(): number {
    return this.#retained.firstSegment;
  }

  get retainedBytes(): number {
    return this.#retained.sizeBytes;
  }

  /** As `find`, without the active one. */
  findFull(key: RowKey, into: ByteRange): boolean {
    for (let i = this.#full.length - 1; i >= 0; i--) if (this.#full[i]!.get(key, into)) return true;
    return false;
  }

  /**
   * The active memtable is full; another takes its place, with room for rows of so many bytes. `clearsOlder`: see
   * Segment.
   */
  rotate(bytes: number, clearsOlder = false): Memtable {
    const sizeBytes = Math.max(this.segmentBytes, padded(Segment.bytesFor(bytes)));
    const shared = this.#takeBuffer(sizeBytes);
    const { segment, rowCount } = this.#active;
    this.#full.push(this.#active);
    // The next one's rows are likely about as large; one that was not filled tells nothing.
    const rowsExpected = 2 * segment.tail > sizeBytes ? rowCount : 0;
    this.#active = Memtables.create(segment.number + 1, shared, this.#random, clearsOlder, rowsExpected);
    return this.#active;
  }

  /** The rows of the oldest full memtable are in a table, if there are any. */
  retain(memtable: Memtable): void {
    this.#full = this.#full.filter((other) => other !== memtable);
    if (memtable.rowCount > 0) this.#release(this.#retained.keep(memtable));
  }

  /** Lets go of all memtables but the active one, and returns the full ones, the oldest first. */
  dropFull(): readonly Memtable[] {
    const dropped = this.#full;
    this.#full = [];
    this.#release(this.#retained.clear());
    return dropped;
  }

  /** The memtable's file is gone: its buffer may be used again when nobody reads it. */
  recycle(memtable: Memtable): void {
    if (this.#retained.has(memtable)) this.#withoutFile.add(memtable);
    else this.#reuse(memtable);
  }

  /** The newest first. Their buffers stay as they are until `endScan`. */
  beginScan(): Memtable[] {
    this.#scanCount++;
    return this.#all()
      .filter(({ rowCount }) => rowCount > 0)
      .reverse();
  }

  /** The newest memtable first. Call `endScan` when they are read. */
  sources(from: Uint8Array, to: Uint8Array | undefined): RowSource[] {
    return this.beginScan().map((memtable) => new MemtableScan(memtable, from, to));
  }

  endScan(): void {
    this.#scanCount--;
  }

  #release(memtables: readonly Memtable[]): void {
    for (const memtable of memtables) if (this.#withoutFile.delete(memtable)) this.#reuse(memtable);
  }

  /** Requires: no get or put is under way that may have been told of a cell in the buffer. */
  #reuse({ segment }: Memtable): void {
    if (this.#scanCount === 0 && segment.shared.byteLength === this.segmentBytes)
      this.#spare = segment.shared;
  }

  #all(): readonly Memtable[] {
    return [...this.#full, this.#active];
  }

  #takeBuffer(sizeBytes: number): SharedArrayBuffer {
    const spare = this.#spare;
    if (spare === undefined || spare.byteLength !== sizeBytes) return new SharedArrayBuffer(sizeBytes);
    this.#spare = undefined;
    return spare;
  }
}
