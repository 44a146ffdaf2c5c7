/**
 * Goes through the rows of one table from the last to the first. A block can be read in one direction only: so it is
 * taken apart as a whole, and its rows are given from its end. Reads ahead, towards the beginning of the file, a little
 * at first, then more. Uses the cache's blocks and adds none to them.
 */
import { type ByteRange, compareBytes } from "../../../base/bytes.ts";
import { BlockCursor } from "./block-reader.ts";
import { type BlockSource, blockOf } from "./table-iterator.ts";

const READ_AHEAD_BYTES_MIN = 16 * 1024;
const READ_AHEAD_BYTES_MAX = 512 * 1024;

/** Blocks `first` <= number < `end`, packed. */
interface Piece {
  readonly first: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

export class ReverseIterator {
  /** Of the current row: they lie in buffers that stay as they are until the next block. */
  readonly key: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  readonly cell: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  readonly #source: BlockSource;
  readonly #rows = new BlockRows();
  readonly #from: Uint8Array | undefined;
  /** Until the first row below it has been found. */
  #to: Uint8Array | undefined;
  #readAheadBytes = READ_AHEAD_BYTES_MIN;
  #nextBlock: number;
  readonly #lastBlock: number;
  #piece: Piece | undefined;
  #isDone = false;

  /** Rows with `from` <= row key < `to`; no bound if undefined. */
  constructor(source: BlockSource, from: Uint8Array | undefined, to: Uint8Array | undefined) {
    const { index } = source;
    this.#source = source;
    this.#from = from;
    this.#to = to;
    this.#nextBlock = to === undefined ? index.blockCount - 1 : blockOf(index, to);
    this.#lastBlock = from === undefined ? 0 : blockOf(index, from);
  }

  /** Moves to the next row down; false at the end. */
  next(): boolean | Promise<boolean> {
    for (;;) {
      if (this.#rows.previous(this.key, this.cell)) {
        if (this.#to !== undefined && this.#compare(this.#to) >= 0) continue;
        this.#to = undefined;
        if (this.#from === undefined || this.#compare(this.#from) >= 0) return true;
        this.close();
        return false;
      }
      if (this.#isDone || this.#nextBlock < this.#lastBlock) return false;
      const block = this.#blockAtHand(this.#nextBlock);
      if (block === undefined) return this.#readAndMove();
      this.#nextBlock--;
      this.#rows.open(block);
    }
  }

  close(): void {
    this.#isDone = true;
    this.#piece = undefined;
    this.#rows.close();
  }

  #compare(bound: Uint8Array): number {
    return compareBytes(this.key.bytes.subarray(this.key.start, this.key.end), bound);
  }

  #blockAtHand(number: number): Uint8Array | undefined {
    const piece = this.#piece;
    if (piece !== undefined && number >= piece.first && number < piece.end) {
      return this.#source.unpack(number, piece.bytes, piece.first, NO_BYTES);
    }
    return this.#source.cachedBlock(number);
  }

  async #readAndMove(): Promise<boolean> {
    const { index } = this.#source;
    const end = this.#nextBlock + 1;
    const limit = index.offset(end) - this.#readAheadBytes;
    let first = this.#nextBlock;
    while (first > this.#lastBlock && index.offset(first - 1) >= limit) first--;
    this.#readAheadBytes = Math.min(2 * this.#readAheadBytes, READ_AHEAD_BYTES_MAX);
    const bytes = await this.#source.readPacked(first, end);
    if (this.#isDone) return false; // closed meanwhile
    this.#piece = { first, end, bytes };
    return this.next();
  }
}

/** All rows of a block, taken apart. */
class BlockRows {
  readonly #cursor = new BlockCursor();
  #block: Uint8Array = NO_BYTES;
  #keys = NO_BYTES;
  /** Row i has its key in `#keys[#keyEnds[i - 1], #keyEnds[i])` and its cell in the block. */
  #keyEnds: number[] = [];
  #cellStarts: number[] = [];
  #cellEnds: number[] = [];

  open(block: Uint8Array): void {
    const cursor = this.#cursor;
    const { key, cell } = cursor;
    let keysEnd = 0;
    this.#block = block;
    this.#keys = new Uint8Array(Math.max(block.length, 256)); // a new one: the current row's key may still be in use
    cursor.open(block);
    while (cursor.next()) {
      if (keysEnd + key.end > this.#keys.length) this.#grow(keysEnd, key.end);
      for (let i = 0; i < key.end; i++) this.#keys[keysEnd + i] = key.bytes[i]!;
      keysEnd += key.end;
      this.#keyEnds.push(keysEnd);
      this.#cellStarts.push(cell.start);
      this.#cellEnds.push(cell.end);
    }
  }

  /** Takes the last row away and points at it; false if there is none. */
  previous(key: ByteRange, cell: ByteRange): boolean {
    const end = this.#keyEnds.pop();
    if (end === undefined) return false;
    key.bytes = this.#keys;
    key.start = this.#keyEnds.at(-1) ?? 0;
    key.end = end;
    cell.bytes = this.#block;
    cell.start = this.#cellStarts.pop()!;
    cell.end = this.#cellEnds.pop()!;
    return true;
  }

  close(): void {
    this.#keyEnds.length = 0;
    this.#cursor.close();
  }

  #grow(keptBytes: number, addedBytes: number): void {
    const larger = new Uint8Array(2 * (keptBytes + addedBytes));
    larger.set(this.#keys.subarray(0, keptBytes));
    this.#keys = larger;
  }
}
