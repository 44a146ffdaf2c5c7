/**
 * Goes through the rows of one table in order. Reads ahead: a little at first, for most scans are short, then more and
 * more, and at full length the next piece while this one is used. Uses the cache's blocks and adds none to them.
 *
 * Hot in scans and compaction: `next` is synchronous within what has been read; watched by bench/table.ts.
 */
import type { ByteRange } from "../../../base/bytes.ts";
import type { RowIterator } from "../../storage-engine.ts";
import type { BlockIndex } from "./block-index.ts";
import { BlockCursor } from "./block-reader.ts";
import { TableProbe } from "./table-probe.ts";

export interface IterationOptions {
  /** How much is read at once, at first and at most. */
  readonly readAheadBytesMin?: number;
  readonly readAheadBytesMax?: number;
}

const READ_AHEAD_BYTES_MIN = 16 * 1024;
const READ_AHEAD_BYTES_MAX = 512 * 1024;

/** What it needs of the table. */
export interface BlockSource {
  readonly index: BlockIndex;
  cachedBlock(number: number): Uint8Array | undefined;
  readPacked(first: number, end: number): Promise<Uint8Array>;
  unpack(number: number, bytes: Uint8Array, first: number, scratch: Uint8Array): Uint8Array;
}

/** Blocks `first` <= number < `end`, packed. */
interface Piece {
  readonly first: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

type PieceOutcome = { readonly piece: Piece } | { readonly cause: unknown };

export class TableIterator implements RowIterator {
  readonly key: ByteRange;
  readonly cell: ByteRange;
  readonly #source: BlockSource;
  readonly #cursor = new BlockCursor();
  readonly #to: Uint8Array | undefined;
  readonly #readAheadBytesMax: number;
  #readAheadBytes: number;
  /** The first row to give, until it has been found. */
  #from: Uint8Array | undefined;
  #nextBlock: number;
  /** The first block that is past the end. */
  readonly #endBlock: number;
  #piece: Piece | undefined;
  #scratch = new Uint8Array(0);
  #following: Promise<PieceOutcome> | undefined;
  #isDone = false;

  constructor(
    source: BlockSource,
    from: Uint8Array | undefined,
    to: Uint8Array | undefined,
    {
      readAheadBytesMin = READ_AHEAD_BYTES_MIN,
      readAheadBytesMax = READ_AHEAD_BYTES_MAX,
    }: IterationOptions = {},
  ) {
    this.#source = source;
    this.#from = from;
    this.#to = to;
    this.#readAheadBytes = readAheadBytesMin;
    this.#readAheadBytesMax = readAheadBytesMax;
    this.#nextBlock = from === undefined ? 0 : blockOf(source.index, from);
    const { blockCount } = source.index;
    this.#endBlock = to === undefined ? blockCount : Math.min(blockCount, blockOf(source.index, to) + 1);
    this.key = this.#cursor.key;
    this.cell = this.#cursor.cell;
  }

  next(): boolean | Promise<boolean> {
    for (;;) {
      if (this.#cursor.next()) {
        if (this.#from !== undefined && compareKey(this.key, this.#from) < 0) continue;
        this.#from = undefined;
        if (this.#to === undefined || compareKey(this.key, this.#to) < 0) return true;
        this.close();
        return false;
      }
      if (this.#isDone || this.#nextBlock >= this.#endBlock) return false;
      const block = this.#blockAtHand(this.#nextBlock);
      if (block === undefined) return this.#readAndMove();
      this.#nextBlock++;
      this.#cursor.open(block);
    }
  }

  close(): void {
    this.#isDone = true;
    this.#piece = undefined;
    this.#following = undefined;
    this.#scratch = new Uint8Array(0);
    this.#cursor.close();
  }

  #blockAtHand(number: number): Uint8Array | undefined {
    const piece = this.#piece;
    if (piece !== undefined && number >= piece.first && number < piece.end) {
      return this.#source.unpack(number, piece.bytes, piece.first, this.#scratchFor(number));
    }
    return this.#following === undefined ? this.#source.cachedBlock(number) : undefined;
  }

  /** One block is unpacked at a time: in the place of the one before. */
  #scratchFor(number: number): Uint8Array {
    const rawBytes = this.#source.index.rawBytes(number);
    if (this.#scratch.length < rawBytes) this.#scratch = new Uint8Array(Math.ceil(1.25 * rawBytes));
    return this.#scratch;
  }

  async #readAndMove(): Promise<boolean> {
    const outcome = await (this.#following ?? this.#read(this.#nextBlock));
    this.#following = undefined;
    if (this.#isDone) return false; // closed meanwhile
    if ("cause" in outcome) throw outcome.cause;
    this.#piece = outcome.piece;
    this.#readOn(outcome.piece.end);
    return this.next();
  }

  /** Reads more next time; at full length, begins at once. */
  #readOn(from: number): void {
    if (this.#readAheadBytes >= this.#readAheadBytesMax) {
      if (from < this.#endBlock) this.#following = this.#read(from);
      return;
    }
    this.#readAheadBytes = Math.min(2 * this.#readAheadBytes, this.#readAheadBytesMax);
  }

  /** Never rejects: nobody may be waiting for it yet. */
  #read(first: number): Promise<PieceOutcome> {
    const { index } = this.#source;
    const limit = index.offset(first) + this.#readAheadBytes;
    let end = first + 1;
    while (end < this.#endBlock && index.offset(end + 1) <= limit) end++;
    return this.#source.readPacked(first, end).then(
      (bytes) => ({ piece: { first, end, bytes } }),
      (cause: unknown) => ({ cause }),
    );
  }
}

/** The only block that may hold the row key. */
export function blockOf(index: BlockIndex, key: Uint8Array): number {
  const probe = new TableProbe();
  probe.load(key, key.length);
  return index.find(probe);
}

/** As compareBytes, of a range. */
function compareKey({ bytes, start, end }: ByteRange, other: Uint8Array): number {
  const length = Math.min(end - start, other.length);
  for (let i = 0; i < length; i++) {
    const difference = bytes[start + i]! - other[i]!;
    if (difference !== 0) return difference;
  }
  return end - start - other.length;
}
