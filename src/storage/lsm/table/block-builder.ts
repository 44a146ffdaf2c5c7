/**
 * Gathers rows into one block, in row-key order. Read by block-reader.ts.
 * DO NOT CHANGE: see docs/formats/sstable.md to add a version.
 *
 *   entry      sharedBytes, suffixBytes, cellBytes (LEB128), suffix, cell
 *              its row key is the first sharedBytes of the one before, then the suffix
 *   ...
 *   restarts   4 bytes each, little-endian: offsets of entries that share nothing; the first is 0
 *   count      4 bytes, little-endian: how many restarts
 *
 * Hot in flush and compaction; watched by bench/table.ts.
 * Source: LevelDB, table/block_builder.cc.
 */
import type { ByteRange } from "../../../base/bytes.ts";

/** Every so many entries the whole row key is written, so that a search may start there. With 16, gets are slower. */
export const RESTART_INTERVAL = 8;
/** The most that an entry takes besides its suffix and cell. */
const ENTRY_HEADER_BYTES_MAX = 15;
/** Copying fewer bytes one by one is faster than making a view to copy. */
const SHORT_COPY_BYTES = 64;

export class BlockBuilder {
  #bytes = new Uint8Array(64 * 1024);
  #length = 0;
  #entryCount = 0;
  #restarts = new Uint32Array(64);
  #restartCount = 0;

  get entryCount(): number {
    return this.#entryCount;
  }

  /** What `finish` would return now. */
  get sizeBytes(): number {
    return this.#length + 4 * (this.#restartCount + 1);
  }

  /** Requires: a key above the last one, with which it has its first `shared` bytes in common. */
  add(shared: number, key: ByteRange, cell: ByteRange): void {
    const isRestart = this.#entryCount % RESTART_INTERVAL === 0;
    if (isRestart) this.#restart();
    const keptBytes = isRestart ? 0 : shared;
    const suffixStart = key.start + keptBytes;
    const suffixBytes = key.end - suffixStart;
    const cellBytes = cell.end - cell.start;
    this.#reserve(ENTRY_HEADER_BYTES_MAX + suffixBytes + cellBytes);
    this.#number(keptBytes);
    this.#number(suffixBytes);
    this.#number(cellBytes);
    this.#copy(key.bytes, suffixStart, key.end);
    this.#copy(cell.bytes, cell.start, cell.end);
    this.#entryCount++;
  }

  /** The whole block; the builder's, valid until `reset`. */
  finish(): Uint8Array {
    this.#reserve(4 * (this.#restartCount + 1));
    for (let i = 0; i < this.#restartCount; i++) this.#uint32(this.#restarts[i]!);
    this.#uint32(this.#restartCount);
    return this.#bytes.subarray(0, this.#length);
  }

  reset(): void {
    this.#length = 0;
    this.#entryCount = 0;
    this.#restartCount = 0;
  }

  #restart(): void {
    if (this.#restartCount === this.#restarts.length) {
      const larger = new Uint32Array(2 * this.#restarts.length);
      larger.set(this.#restarts);
      this.#restarts = larger;
    }
    this.#restarts[this.#restartCount++] = this.#length;
  }

  #number(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = rest | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  #uint32(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.#bytes[this.#length++] = value >>> shift;
  }

  #copy(source: Uint8Array, start: number, end: number): void {
    if (end - start < SHORT_COPY_BYTES) {
      const target = this.#bytes;
      let at = this.#length;
      for (let i = start; i < end; i++) target[at++] = source[i]!;
    } else {
      this.#bytes.set(source.subarray(start, end), this.#length);
    }
    this.#length += end - start;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + count));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
