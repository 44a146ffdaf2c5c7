/**
 * Memtables whose rows are in tables, kept to read from as long as there is memory for them: rows put lately are found
 * without the disk, though no block of their new tables has been read yet, nor of those that these are merged into.
 *
 * Invariant: they are the last ones that were flushed, without a gap. So of a row that is in none of the newer
 * memtables, the newest of these that has it has its present cell; and level 0 tables made of these have nothing
 * else. That stays so when tables are merged, which drops no rows but forgotten ones.
 *
 * Hot: `find`, once per get that the memtables cannot answer.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import type { RowKey } from "../../row-key.ts";
import type { Memtable } from "../log/memtable.ts";

const NO_SEGMENT = Number.POSITIVE_INFINITY;

export class RetainedMemtables {
  /** Held by buffers and indexes. */
  sizeBytes = 0;
  readonly #sizeBytesMax: number;
  /** Oldest first. */
  #memtables: Memtable[] = [];

  /** With 0, none is kept. */
  constructor(sizeBytesMax: number) {
    this.#sizeBytesMax = sizeBytesMax;
  }

  /** Number of the oldest segment: level 0 tables of this one and of later ones need not be asked. */
  get firstSegment(): number {
    return this.#memtables.length === 0 ? NO_SEGMENT : this.#memtables[0]!.segment.number;
  }

  has(memtable: Memtable): boolean {
    return this.#memtables.includes(memtable);
  }

  /** Points `into` at the cell of the key's newest row, which may be a forgotten one; false if there is none. */
  find(key: RowKey, into: ByteRange): boolean {
    const memtables = this.#memtables;
    for (let i = memtables.length - 1; i >= 0; i--) if (memtables[i]!.get(key, into)) return true;
    return false;
  }

  /** Takes the memtable that was flushed last. Returns those that have to make room, which may be that one, too. */
  keep(memtable: Memtable): readonly Memtable[] {
    this.#memtables.push(memtable);
    this.sizeBytes += sizeOf(memtable);
    let count = 0;
    while (this.sizeBytes > this.#sizeBytesMax) this.sizeBytes -= sizeOf(this.#memtables[count++]!);
    return this.#memtables.splice(0, count);
  }

  /** Lets go of all, and returns them. */
  clear(): readonly Memtable[] {
    this.sizeBytes = 0;
    return this.#memtables.splice(0);
  }
}

function sizeOf({ segment, indexBytes }: Memtable): number {
  return segment.bytes.length + indexBytes;
}
