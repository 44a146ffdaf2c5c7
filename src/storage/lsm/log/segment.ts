/**
 * A segment of the commit log in memory: the very bytes of its file, in a buffer that other threads may read too.
 * Rows are appended to an open batch; sealing gives the batch its checksum and makes its bytes final.
 *
 *   | header | batch | batch | ... | open batch: header, row, row | free |
 *                                  ^ batchStart                   ^ tail
 *
 * Invariant: bytes before `batchStart` never change again. Hot: `append`; watched by `bench -- log`.
 */
import { crc32 } from "node:zlib";
import { assert } from "../../../base/assert.ts";
import { ByteCopier } from "../../../base/byte-copier.ts";
import type { ByteRange } from "../../../base/bytes.ts";
import type { RowKey } from "../../row-key.ts";
import {
  BATCH_HEADER_BYTES,
  decodeSegmentHeader,
  encodeSegmentHeader,
  padded,
  ROW_HEADER_BYTES,
  rowBytes,
  SEGMENT_HEADER_BYTES,
} from "./log-format.ts";

/** What a new row has to say of the cell whose place it takes. Reused by its owner. */
export interface Superseded {
  /** ROW_FLAGs; 0 if there was no cell. */
  flags: number;
  hashLow: number;
  hashHigh: number;
}

const FLAGS_SHIFT = 24;
const KEY_WORD = ROW_HEADER_BYTES / 4;
const KEY_LENGTH_MASK = 0xff_ffff;

export class Segment {
  readonly number: number;
  /** 32 bits that nobody outside can guess: see log-format.ts. */
  readonly stamp: number;
  /** Rows of older segments, and of tables made of them, count no more. */
  readonly clearsOlder: boolean;
  readonly shared: SharedArrayBuffer;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  /** For cells that come from one buffer, one after the other, as a server's do. */
  readonly #copier = new ByteCopier();
  #lastSource: Uint8Array = NO_SOURCE;
  #batchStart = SEGMENT_HEADER_BYTES;
  #tail = SEGMENT_HEADER_BYTES + BATCH_HEADER_BYTES;
  #sequence = 0;
  /** Rows before this offset are part of a moment that somebody still sees: not to be overwritten in place. */
  #frozenEnd = 0;

  /** `shared` is all zeros or holds an older segment. Requires: a length that is a multiple of 4, below 2 GiB. */
  constructor(number: number, shared: SharedArrayBuffer, stamp = 0, clearsOlder = false) {
    assert(
      shared.byteLength % 4 === 0 && shared.byteLength < 2 ** 31,
      "segments are whole words below 2 GiB",
    );
    this.number = number;
    this.stamp = stamp | 0;
    this.clearsOlder = clearsOlder;
    this.shared = shared;
    this.bytes = new Uint8Array(shared);
    this.words = new Int32Array(shared);
    this.bytes.set(encodeSegmentHeader(number, this.stamp, clearsOlder));
  }

  /**
   * The segment that `shared` holds already, up to `end`: as read from its file, or as another thread sees it.
   * Requires: a valid header, and whole batches from there to `end`.
   */
  static existing(shared: SharedArrayBuffer, end: number, nextSequence = 0): Segment {
    const header = decodeSegmentHeader(new Uint8Array(shared));
    assert(header.kind === "valid", "the bytes are no segment's: the caller must check");
    const segment = new Segment(header.number, shared, header.stamp, header.clearsOlder);
    segment.#batchStart = end;
    segment.#tail = end + BATCH_HEADER_BYTES;
    segment.#sequence = nextSequence;
    return segment;
  }

  /** Offset after the last row. */
  get tail(): number {
    return this.#tail;
  }

  /** Bytes from the start that are final: what the file holds, or will. */
  get sealedBytes(): number {
    return this.#batchStart;
  }

  get hasOpenRows(): boolean {
    return this.#tail > this.#batchStart + BATCH_HEADER_BYTES;
  }

  /** True if there is room for the row, and for the batch that ends the file. */
  fits(keyLength: number, cellLength: number): boolean {
    return this.fitsBytes(rowBytes(keyLength, cellLength));
  }

  /** As `fits`, of rows that take so many bytes. */
  fitsBytes(bytes: number): boolean {
    return this.#tail + bytes + BATCH_HEADER_BYTES <= this.bytes.length;
  }

  /** The buffer that a segment needs if it is to hold just rows of so many bytes. */
  static bytesFor(bytes: number): number {
    return SEGMENT_HEADER_BYTES + 2 * BATCH_HEADER_BYTES + bytes;
  }

  /** Returns the offset of the new row. Requires: `fits`. */
  append(key: RowKey, cell: ByteRange, superseded: Superseded, link: number): number {
    const offset = this.#tail;
    const { words } = this;
    const keyLength = key.length;
    const cellLength = cell.end - cell.start;
    let word = offset >>> 2;
    words[word] = keyLength | (superseded.flags << FLAGS_SHIFT);
    words[word + 1] = cellLength;
    words[word + 2] = superseded.hashLow;
    words[word + 3] = superseded.hashHigh;
    words[word + 4] = link;
    word += KEY_WORD;
    const keyWords = key.words;
    const keyEnd = word + ((keyLength + 3) >>> 2);
    for (let i = 0; word < keyEnd; i++) words[word++] = keyWords[i]!;
    this.#copyCell(word << 2, cell);
    this.#tail = offset + rowBytes(keyLength, cellLength);
    return offset;
  }

  /** Puts another cell in the place of the one at `offset`, if that is not final yet and as long. */
  overwrite(offset: number, cell: ByteRange): boolean {
    if (offset < this.#batchStart || offset < this.#frozenEnd) return false;
    if (this.words[(offset >>> 2) + 1] !== cell.end - cell.start) return false;
    this.#copyCell(this.cellStart(offset), cell);
    return true;
  }

  /** Keeps every row as it is now, though its batch may still be open. */
  freeze(): void {
    this.#frozenEnd = this.#tail;
  }

  /**
   * Makes the open batch final and begins another; false if it has no rows. `durableBytes` of the file are known to be
   * on the disk already: so recovery can tell damage to them from a tail that never got there.
   */
  seal(durableBytes = 0): boolean {
    if (!this.hasOpenRows) return false;
    this.#seal(durableBytes);
    return true;
  }

  /** Seals a batch without rows, which says that the file ends there in order. Requires: no open rows. */
  sealEnd(): void {
    assert(!this.hasOpenRows, "open rows come before the end");
    if (this.#tail <= this.bytes.length) this.#seal(this.#batchStart);
  }

  keyLength(offset: number): number {
    return this.words[offset >>> 2]! & KEY_LENGTH_MASK;
  }

  cellLength(offset: number): number {
    return this.words[(offset >>> 2) + 1]!;
  }

  /** Offset of the row before this one in the same slot; 0 if there is none. */
  link(offset: number): number {
    return this.words[(offset >>> 2) + 4]!;
  }

  keyStart(offset: number): number {
    return offset + ROW_HEADER_BYTES;
  }

  cellStart(offset: number): number {
    return offset + ROW_HEADER_BYTES + padded(this.keyLength(offset));
  }

  supersededInto(offset: number, into: Superseded): void {
    const word = offset >>> 2;
    into.flags = this.words[word]! >>> FLAGS_SHIFT;
    into.hashLow = this.words[word + 2]!;
    into.hashHigh = this.words[word + 3]!;
  }

  /** True if the row at `offset` has this key. */
  isRowOf(offset: number, key: RowKey): boolean {
    const { words } = this;
    const word = offset >>> 2;
    if ((words[word]! & KEY_LENGTH_MASK) !== key.length) return false;
    const keyWords = key.words;
    const count = (key.length + 3) >>> 2;
    for (let i = 0; i < count; i++) if (words[word + KEY_WORD + i] !== keyWords[i]) return false;
    return true;
  }

  haveSameKey(a: number, b: number): boolean {
    const { words } = this;
    const aWord = a >>> 2;
    const bWord = b >>> 2;
    const length = words[aWord]! & KEY_LENGTH_MASK;
    if ((words[bWord]! & KEY_LENGTH_MASK) !== length) return false;
    const end = KEY_WORD + ((length + 3) >>> 2);
    for (let i = KEY_WORD; i < end; i++) if (words[aWord + i] !== words[bWord + i]) return false;
    return true;
  }

  #seal(durableBytes: number): void {
    const start = this.#batchStart;
    const end = this.#tail;
    const word = start >>> 2;
    this.words[word + 1] = end - start;
    this.words[word + 2] = this.#sequence++;
    this.words[word + 3] = this.stamp;
    this.words[word + 4] = durableBytes;
    this.words[word] = crc32(this.bytes.subarray(start + 4, end)) | 0;
    this.#batchStart = end;
    this.#tail = end + BATCH_HEADER_BYTES;
  }

  /** Requires: `at` is a multiple of 4. Zeros fill the last word, for a buffer may hold an older segment. */
  #copyCell(at: number, cell: ByteRange): void {
    const { bytes, start, end } = cell;
    const length = end - start;
    if (length > 0) this.words[(at + length - 1) >>> 2] = 0;
    const target = this.bytes;
    if (bytes === this.#lastSource) {
      this.#copier.copy(cell, this.words, target, at >>> 2);
      return;
    }
    this.#lastSource = bytes;
    if (length > LOOP_BYTES_MAX) {
      target.set(bytes.subarray(start, end), at);
      return;
    }
    for (let i = 0; i < length; i++) target[at + i] = bytes[start + i]!;
  }
}

/** Up to here a loop beats `set`, which costs a view of the source. */
const LOOP_BYTES_MAX = 48;
const NO_SOURCE = new Uint8Array(0);
