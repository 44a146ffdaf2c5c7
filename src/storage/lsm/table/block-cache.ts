/**
 * Keeps unpacked blocks of all tables, up to a number of bytes. A block is found by the place its table keeps for it,
 * not by a map; a hit is one array read and one byte written.
 *
 * S3-FIFO: new blocks wait in a short queue; only those that are used again there, or that come back soon after they
 * left it, reach the long one. So a scan or a burst of keys asked for once pushes nothing out that is in use.
 * Source: Yang et al. 2023, "FIFO Queues are All You Need for Cache Eviction".
 *
 *   place of a block (CacheShelf)   n > 0   it is entry n - 1
 *                                   n < 0   not here; it left the short queue as the -n'th
 *                                   0       not here
 *
 * A block that is let go stays whole for whoever has it still: the garbage collector takes it when nobody does.
 *
 * Hot: once per get that reaches a block; watched by bench/table.ts.
 */
import { assert } from "../../../base/assert.ts";
import { FifoQueue } from "./fifo-queue.ts";

/** The part of the budget that blocks not yet used twice may have. */
const SHORT_PART = 0.1;
/** Below this part of the budget, there is much room. */
const MUCH_ROOM_PART = 0.8;
const USES_MAX = 3;
/** Above so many uses a block moves from the short queue to the long one. */
const USES_TO_STAY = 1;
/** A block above this part of the budget is not kept at all. */
const BLOCK_PART_MAX = 0.1;
/** What an entry takes besides the block's bytes, about. */
const ENTRY_BYTES = 160;
/** Ghost numbers start again long before they could overflow a place. */
const GHOST_COUNT_MAX = 2 ** 30;

/** The places of one table's blocks. Owned by the table's reader, written by the cache only. */
export interface CacheShelf {
  readonly places: Int32Array;
  /** That are here. */
  blockCount: number;
}

export class BlockCache {
  readonly #budgetBytes: number;
  #capacityBytes: number;
  readonly #blocks: (Uint8Array | undefined)[] = [];
  readonly #shelves: (CacheShelf | undefined)[] = [];
  readonly #numbers: number[] = [];
  #uses = new Uint8Array(1024);
  readonly #free: number[] = [];
  readonly #short = new FifoQueue();
  readonly #long = new FifoQueue();
  #shortBytes = 0;
  #longBytes = 0;
  #ghostCount = 0;
  hits = 0;
  misses = 0;
  /** Blocks that were asked for a row that they do not have: Bloom filters had let it through. */
  vainReads = 0;

  /** 0 keeps nothing. */
  constructor(capacityBytes: number) {
    this.#budgetBytes = capacityBytes;
    this.#capacityBytes = capacityBytes;
  }

  /** The part of the budget that somebody else uses now. */
  set lentBytes(lentBytes: number) {
    this.#capacityBytes = this.#budgetBytes - lentBytes;
    while (this.sizeBytes > this.#capacityBytes) this.#evict();
  }

  /** True if a few blocks more put nothing out for long. */
  get hasMuchRoom(): boolean {
    return this.sizeBytes < this.#capacityBytes * MUCH_ROOM_PART;
  }

  get sizeBytes(): number {
    return this.#shortBytes + this.#longBytes;
  }

  get blockCount(): number {
    return this.#short.length + this.#long.length;
  }

  createShelf(blockCount: number): CacheShelf {
    return { places: new Int32Array(blockCount), blockCount: 0 };
  }

  /** The block if it is here; counts as a use. */
  get(shelf: CacheShelf, number: number): Uint8Array | undefined {
    const entry = shelf.places[number]! - 1;
    if (entry < 0) {
      this.misses++;
      return undefined;
    }
    this.hits++;
    if (this.#uses[entry]! < USES_MAX) this.#uses[entry]!++;
    return this.#blocks[entry];
  }

  /** The block if it is here; leaves no trace, for scans. */
  peek(shelf: CacheShelf, number: number): Uint8Array | undefined {
    const entry = shelf.places[number]! - 1;
    return entry < 0 ? undefined : this.#blocks[entry];
  }

  /**
   * True if a block that has just been read should be kept: there is room, or it was here or asked for not long ago.
   * If not, it is remembered as asked for: so of blocks that are asked for once, only the number is kept.
   */
  wants(shelf: CacheShelf, number: number, rawBytes: number): boolean {
    if (this.sizeBytes + rawBytes + ENTRY_BYTES <= this.#capacityBytes) return true;
    if (this.#hasLeftWithin(this.blockCount, shelf.places[number]!)) return true;
    shelf.places[number] = -this.#nextGhost();
    return false;
  }

  /** Keeps `block`, at another's expense. It must not change any more. */
  put(shelf: CacheShelf, number: number, block: Uint8Array): void {
    const place = shelf.places[number]!;
    if (place > 0) return;
    const sizeBytes = sizeOf(block);
    if (sizeBytes > this.#capacityBytes * BLOCK_PART_MAX) return;
    const isGhost = this.#hasLeftWithin(this.#long.length, place);
    const entry = this.#allocate();
    this.#blocks[entry] = block;
    this.#shelves[entry] = shelf;
    this.#numbers[entry] = number;
    this.#uses[entry] = 0;
    shelf.places[number] = entry + 1;
    shelf.blockCount++;
    if (isGhost) this.#enterLong(entry, sizeBytes);
    else this.#enterShort(entry, sizeBytes);
    while (this.sizeBytes > this.#capacityBytes) this.#evict();
  }

  /** Lets go of all blocks of a table that is no more. */
  drop(shelf: CacheShelf): void {
    if (shelf.blockCount === 0) return;
    for (const queue of [this.#short, this.#long]) {
      for (let count = queue.length; count > 0; count--) {
        const entry = queue.shift();
        if (this.#shelves[entry] !== shelf) queue.push(entry);
        else this.#release(entry, queue, 0);
      }
    }
  }

  #enterShort(entry: number, sizeBytes: number): void {
    this.#short.push(entry);
    this.#shortBytes += sizeBytes;
  }

  #enterLong(entry: number, sizeBytes: number): void {
    this.#long.push(entry);
    this.#longBytes += sizeBytes;
  }

  /** Lets go of one block, or moves one on towards that. */
  #evict(): void {
    const isShortFull = this.#shortBytes > this.#capacityBytes * SHORT_PART || this.#long.length === 0;
    if (isShortFull && this.#short.length > 0) this.#evictShort();
    else this.#evictLong();
  }

  #evictShort(): void {
    const entry = this.#short.shift();
    if (this.#uses[entry]! > USES_TO_STAY) {
      const sizeBytes = sizeOf(this.#blocks[entry]!);
      this.#uses[entry] = 0;
      this.#shortBytes -= sizeBytes;
      this.#enterLong(entry, sizeBytes);
      return;
    }
    this.#release(entry, this.#short, -this.#nextGhost());
  }

  /** True if what has this place was among the last so many that left the short queue, or were asked for in vain. */
  #hasLeftWithin(count: number, place: number): boolean {
    return place < 0 && this.#ghostCount + place < count && -place <= this.#ghostCount;
  }

  #nextGhost(): number {
    if (this.#ghostCount === GHOST_COUNT_MAX) this.#ghostCount = 0;
    return ++this.#ghostCount;
  }

  #evictLong(): void {
    const entry = this.#long.shift();
    if (this.#uses[entry]! === 0) {
      this.#release(entry, this.#long, 0);
      return;
    }
    this.#uses[entry]!--;
    this.#long.push(entry);
  }

  /** Requires: the entry has left `queue`. */
  #release(entry: number, queue: FifoQueue, place: number): void {
    const sizeBytes = sizeOf(this.#blocks[entry]!);
    if (queue === this.#short) this.#shortBytes -= sizeBytes;
    else this.#longBytes -= sizeBytes;
    const shelf = this.#shelves[entry]!;
    shelf.places[this.#numbers[entry]!] = place;
    shelf.blockCount--;
    this.#blocks[entry] = undefined;
    this.#shelves[entry] = undefined;
    this.#free.push(entry);
  }

  #allocate(): number {
    const entry = this.#free.pop();
    if (entry !== undefined) return entry;
    const added = this.#blocks.length;
    assert(this.#shelves.length === added, "the entries' arrays are of one length");
    this.#blocks.push(undefined);
    this.#shelves.push(undefined);
    this.#numbers.push(0);
    if (added === this.#uses.length) {
      const larger = new Uint8Array(2 * added);
      larger.set(this.#uses);
      this.#uses = larger;
    }
    return added;
  }
}

/** What a block counts for: a part of a larger buffer keeps the whole of it. */
function sizeOf(block: Uint8Array): number {
  return block.buffer.byteLength + ENTRY_BYTES;
}
