/**
 * An open table: what is needed to look anything up is in memory, blocks come from the cache or the disk.
 * table-format.ts draws the file.
 *
 * Every byte read is verified before it is used. Throws and rejects with StoreError CORRUPTION where it is not what
 * was written, IO where it cannot be read.
 *
 * Hot: `get`; watched by bench/table.ts. With its block in the cache it allocates nothing.
 */
import { crc32 } from "node:zlib";
import type { ByteRange } from "../../../base/bytes.ts";
import { StoreError } from "../../../base/errors.ts";
import type { Disk, DiskFile } from "../../../runtime/runtime.ts";
import type { BlockCache, CacheShelf } from "./block-cache.ts";
import { requireChecksum, unpackBlock } from "./block-codec.ts";
import { BlockIndex } from "./block-index.ts";
import { findInBlock } from "./block-reader.ts";
import { BloomFilter } from "./bloom-filter.ts";
import type { Origin } from "./byte-source.ts";
import { corruption } from "./corruption.ts";
import { MerkleSummary } from "./merkle-summary.ts";
import { ReverseIterator } from "./reverse-iterator.ts";
import { RowTally } from "./row-tally.ts";
import { decodeFooter, FOOTER_BYTES, type Footer, type Section } from "./table-format.ts";
import { type IterationOptions, TableIterator } from "./table-iterator.ts";
import type { TableProbe } from "./table-probe.ts";
import { decodeProperties, type TableProperties } from "./table-properties.ts";
import type { TableSums } from "./table-writer.ts";

/** A longer block is not copied for each who waits for it, nor is memory kept that would hold it. */
const LENT_BYTES_MAX = 64 * 1024;

/** Blocks. */
const READ_TOGETHER = 8;

export interface TableOpening {
  readonly disk: Disk;
  readonly path: string;
  readonly cache: BlockCache;
  /** Of TableMetadata, if the caller knows it: another table's file in this place is refused. */
  readonly checksum?: number;
  /** What was read of the open table is not what was written: whoever reads it is told, too. */
  readonly onCorruption?: () => void;
}

export class TableReader {
  readonly path: string;
  readonly properties: TableProperties;
  readonly fileBytes: number;
  readonly index: BlockIndex;
  readonly #file: DiskFile;
  readonly #footer: Footer;
  readonly #filter: BloomFilter;
  readonly #onCorruption: (() => void) | undefined;
  readonly #cache: BlockCache;
  readonly #shelf: CacheShelf;
  /** Who waits for which block: many gets for one block read it once. */
  readonly #waiting = new Map<number, Waiting[]>();
  #isClosed = false;

  private constructor(opening: TableOpening, file: DiskFile, footer: Footer, front: FrontSections) {
    this.path = opening.path;
    this.properties = front.properties;
    this.index = front.index;
    this.fileBytes = footer.sections.properties.offset + footer.sections.properties.length + FOOTER_BYTES;
    this.#file = file;
    this.#footer = footer;
    this.#filter = front.filter;
    this.#onCorruption = opening.onCorruption;
    this.#cache = opening.cache;
    this.#shelf = opening.cache.createShelf(front.index.blockCount);
  }

  static async open(opening: TableOpening): Promise<TableReader> {
    const file = await opening.disk.open(opening.path, { create: false });
    try {
      const footer = await readFooter(file, opening);
      return new TableReader(opening, file, footer, await readFront(file, footer, opening.path));
    } catch (cause) {
      await file.close();
      throw cause;
    }
  }

  get checksum(): number {
    return this.#footer.checksum;
  }

  /** Held by index and filter, whatever the cache holds. */
  get memoryBytes(): number {
    return this.index.sizeBytes + this.#filter.sizeBytes + this.#shelf.places.byteLength;
  }

  /** False if the row is surely not in the table; rarely true if it is not. Never touches the disk. */
  mayContain(probe: TableProbe): boolean {
    return this.#filter.mayContain(probe.hash);
  }

  /**
   * Points `into` at the row's cell and is true, or is false if the table has no such row; a promise means that the
   * disk is being read, and `into` is set when it resolves. The cell's bytes stay as they are for as long as they are
   * held. The probe may be loaded anew at once, promise or not.
   */
  get(probe: TableProbe, into: ByteRange): boolean | Promise<boolean> {
    if (!this.#filter.mayContain(probe.hash)) return false;
    const number = this.index.find(probe);
    const block = this.#cache.get(this.#shelf, number);
    if (block !== undefined) return this.#found(findInBlock(block, probe.bytes, probe.length, into));
    this.#requireOpen();
    const quick = this.#getQuickly(number, probe, into);
    if (quick !== undefined) return quick;
    return this.#getFromDisk(number, probe.bytes.slice(0, probe.length), into);
  }

  /**
   * As `get`, at once: a block that is not in the cache is read while everything else waits. The cell is valid only
   * until the next call.
   */
  getSync(probe: TableProbe, into: ByteRange): boolean {
    if (!this.#filter.mayContain(probe.hash)) return false;
    const number = this.index.find(probe);
    const block = this.#cache.get(this.#shelf, number) ?? this.#loadSync(number);
    return this.#found(findInBlock(block, probe.bytes, probe.length, into));
  }

  /** Counts what the filter let through for nothing. */
  #found(isThere: boolean): boolean {
    if (!isThere) this.#cache.vainReads++;
    return isThere;
  }

  /** The rows with `from` <= row key < `to`; all from the beginning, or to the end, if undefined. */
  scan(from?: Uint8Array, to?: Uint8Array, options?: IterationOptions): TableIterator {
    return new TableIterator(this, from, to, options);
  }

  /** As `scan`, from the last row to the first. */
  scanBack(from?: Uint8Array, to?: Uint8Array): ReverseIterator {
    return new ReverseIterator(this, from, to);
  }

  /** What the table carries for the node's trees and counts; read from the disk. Calls `rest` now and then. */
  async loadSums(rest?: () => Promise<void>): Promise<TableSums> {
    const { summary, tally } = this.#footer.sections;
    const [summaryBytes, tallyBytes] = await Promise.all([
      this.#readSection(summary),
      this.#readSection(tally),
    ]);
    const decoding = MerkleSummary.decodeInParts(summaryBytes, this.#origin(summary));
    let part = decoding.next();
    for (; !part.done; part = decoding.next()) await rest?.();
    return { summary: part.value, tally: RowTally.decode(tallyBytes, this.#origin(tally)) };
  }

  /** The block if it is in the cache. Does not count as a use of it. */
  cachedBlock(number: number): Uint8Array | undefined {
    return this.#cache.peek(this.#shelf, number);
  }

  /** Reads blocks `first` <= number < `end` as they lie in the file; `unpack` verifies each. Passes by the cache. */
  async readPacked(first: number, end: number): Promise<Uint8Array> {
    const offset = this.index.offset(first);
    const length = this.index.offset(end) - offset;
    this.#requireOpen();
    return this.#requireWhole(await this.#file.read(offset, length), offset, length);
  }

  /** Block `number` out of `bytes`, which `readPacked` read from block `first` on. As unpackBlock. */
  unpack(number: number, bytes: Uint8Array, first: number, scratch?: Uint8Array): Uint8Array {
    return this.#told(() =>
      unpackBlock(this.#packedOf(number, bytes, first), this.index.packed(number), this.path, scratch),
    );
  }

  /** As `unpack`, but only compares the bytes with their checksum: far less work. */
  verify(number: number, bytes: Uint8Array, first: number): void {
    this.#told(() =>
      requireChecksum(this.#packedOf(number, bytes, first), this.index.packed(number), this.path),
    );
  }

  #told<T>(act: () => T): T {
    try {
      return act();
    } catch (cause) {
      this.#onCorruption?.();
      throw cause;
    }
  }

  #packedOf(number: number, bytes: Uint8Array, first: number): Uint8Array {
    const start = this.index.offset(number) - this.index.offset(first);
    return bytes.subarray(start, start + this.index.packedBytes(number));
  }

  /** Lets go of the file, when it is not being read, and of the cache's blocks. Later reads throw StoreError CLOSED. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cache.drop(this.#shelf);
    await this.#file.close();
  }

  /** Undefined if the disk takes its time. Rejects as a read that takes longer does. */
  #getQuickly(number: number, probe: TableProbe, into: ByteRange): boolean | Promise<boolean> | undefined {
    const [first, end] = this.#neighbours(number);
    const offset = this.index.offset(first);
    const length = this.index.offset(end) - offset;
    const bytes = this.#file.readQuickly(offset, length, packedScratch(length));
    if (bytes === undefined) return undefined;
    try {
      this.#requireWhole(bytes, offset, length);
      for (let other = first; other < end; other++) if (other !== number) this.#offer(other, bytes, first);
      const block = this.#take(number, this.#packedOf(number, bytes, first));
      const isThere = this.#found(findInBlock(block, probe.bytes, probe.length, into));
      if (isThere && isLent(block, bytes)) own(into);
      return isThere;
    } catch (cause) {
      return Promise.reject(cause);
    }
  }

  /** While the cache has much room, as after a start or a compaction, a read brings the blocks around along. */
  #neighbours(number: number): readonly [first: number, end: number] {
    const first = number - (number % READ_TOGETHER);
    const end = Math.min(first + READ_TOGETHER, this.index.blockCount);
    const length = this.index.offset(end) - this.index.offset(first);
    const isWorthIt = this.#cache.hasMuchRoom && length <= LENT_BYTES_MAX;
    return isWorthIt ? [first, end] : [number, number + 1];
  }

  /** Puts a block that nobody has asked for into the cache, unless something is wrong with it: who asks is told. */
  #offer(number: number, bytes: Uint8Array, first: number): void {
    if (this.#cache.peek(this.#shelf, number) !== undefined) return;
    const packed = this.#packedOf(number, bytes, first);
    try {
      const block = unpackBlock(packed, this.index.packed(number), this.path);
      this.#cache.put(this.#shelf, number, block.buffer === bytes.buffer ? block.slice() : block);
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
    }
  }

  #getFromDisk(number: number, key: Uint8Array, into: ByteRange): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const waiting = { key, into, resolve, reject };
      const others = this.#waiting.get(number);
      if (others === undefined) this.#begin(number, waiting);
      else others.push(waiting);
    });
  }

  #begin(number: number, first: Waiting): void {
    const all = [first];
    this.#waiting.set(number, all);
    const [offset, length] = [this.index.offset(number), this.index.packedBytes(number)];
    this.#file.borrow(offset, length, (packed, cause) => {
      this.#waiting.delete(number);
      try {
        if (packed === undefined) throw cause;
        const block = this.#take(number, this.#requireWhole(packed, offset, length));
        for (const waiting of all) this.#found(answer(waiting, block, isLent(block, packed)));
      } catch (failure) {
        for (const { reject } of all) reject(failure);
      }
    });
  }

  #loadSync(number: number): Uint8Array {
    this.#requireOpen();
    const [offset, length] = [this.index.offset(number), this.index.packedBytes(number)];
    const packed = this.#requireWhole(
      this.#file.readSync(offset, length, packedScratch(length)),
      offset,
      length,
    );
    return this.#take(number, packed);
  }

  /**
   * The block, from bytes that are somebody else's: in memory of its own if the cache keeps it or it is long, else valid
   * until the next call.
   */
  #take(number: number, packed: Uint8Array): Uint8Array {
    const rawBytes = this.index.rawBytes(number);
    if (rawBytes <= LENT_BYTES_MAX && (this.#isClosed || !this.#cache.wants(this.#shelf, number, rawBytes))) {
      if (scratch.block.length < rawBytes) scratch.block = new Uint8Array(2 * rawBytes);
      return this.unpack(number, packed, number, scratch.block);
    }
    const block = this.unpack(number, packed, number);
    const own = block.buffer === packed.buffer ? block.slice() : block;
    if (!this.#isClosed) this.#cache.put(this.#shelf, number, own);
    return own;
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new StoreError("CLOSED", "not-applied", `${this.path} is closed`);
  }

  #requireWhole(bytes: Uint8Array, offset: number, length: number): Uint8Array {
    if (bytes.length === length) return bytes;
    this.#onCorruption?.();
    throw corruption(this.path, offset + bytes.length, "the file ends too early");
  }

  #readSection(section: Section): Promise<Uint8Array> {
    return readVerified(this.#file, section, this.path);
  }

  #origin({ offset }: Section): Origin {
    return { path: this.path, offset };
  }
}

/** A get whose block is being read. */
interface Waiting {
  readonly key: Uint8Array;
  readonly into: ByteRange;
  readonly resolve: (isThere: boolean) => void;
  readonly reject: (cause: unknown) => void;
}

function answer({ key, into, resolve }: Waiting, block: Uint8Array, lent: boolean): boolean {
  const isThere = findInBlock(block, key, key.length, into);
  if (isThere && lent) own(into);
  resolve(isThere);
  return isThere;
}

/** True if the block is gone soon. */
function isLent(block: Uint8Array, packed: Uint8Array): boolean {
  return block.buffer === packed.buffer || block.buffer === scratch.block.buffer;
}

function own(into: ByteRange): void {
  into.bytes = into.bytes.slice(into.start, into.end);
  into.end -= into.start;
  into.start = 0;
}

/** Of what is read or unpacked for one call, and used before the next. */
const scratch = { packed: new Uint8Array(0), block: new Uint8Array(0) };

function packedScratch(length: number): Uint8Array | undefined {
  if (length > LENT_BYTES_MAX) return undefined;
  if (scratch.packed.length < length) scratch.packed = new Uint8Array(2 * length);
  return scratch.packed;
}

interface FrontSections {
  readonly index: BlockIndex;
  readonly filter: BloomFilter;
  readonly properties: TableProperties;
}

async function readFooter(file: DiskFile, { path, checksum }: TableOpening): Promise<Footer> {
  const fileBytes = await file.sizeBytes();
  const offset = Math.max(0, fileBytes - FOOTER_BYTES);
  const footer = decodeFooter(await file.read(offset, FOOTER_BYTES), path, fileBytes);
  if (checksum !== undefined && footer.checksum !== checksum) {
    throw corruption(path, offset, "this is another table than the manifest says");
  }
  return footer;
}

async function readFront(file: DiskFile, footer: Footer, path: string): Promise<FrontSections> {
  const { index, filter, properties } = footer.sections;
  const [indexBytes, filterBytes, propertiesBytes] = await Promise.all([
    readVerified(file, index, path),
    readVerified(file, filter, path),
    readVerified(file, properties, path),
  ]);
  return {
    index: new BlockIndex(indexBytes, footer.dataBytes, { path, offset: index.offset }),
    filter: new BloomFilter(filterBytes),
    properties: decodeProperties(propertiesBytes, { path, offset: properties.offset }),
  };
}

async function readVerified(
  file: DiskFile,
  { offset, length, checksum }: Section,
  path: string,
): Promise<Uint8Array> {
  const bytes = await file.read(offset, length);
  if (bytes.length !== length) throw corruption(path, offset + bytes.length, "the file ends too early");
  if (crc32(bytes) !== checksum) throw corruption(path, offset, "the section's checksum does not match");
  return bytes;
}
