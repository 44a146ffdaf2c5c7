/**
 * Writes one table, row by row in row-key order, with bounded memory: one block, two chunks of output, and 8 bytes a
 * row for the filter. table-format.ts draws the file.
 *
 * Hot in flush and compaction; watched by bench/table.ts.
 */
import { crc32 } from "node:zlib";
import { assert } from "../../../base/assert.ts";
import type { ByteRange } from "../../../base/bytes.ts";
import type { Disk, DiskFile } from "../../../runtime/runtime.ts";
import { BlockBuilder } from "./block-builder.ts";
import { BlockPacker, type Packing } from "./block-codec.ts";
import { BlockIndexBuilder } from "./block-index.ts";
import { BloomBuilder } from "./bloom-filter.ts";
import { type Hash64, hashBytes } from "./byte-hash.ts";
import type { CellTraits } from "./cell-traits.ts";
import { FileOutput } from "./file-output.ts";
import type { MerkleSummary } from "./merkle-summary.ts";
import type { RowTally } from "./row-tally.ts";
import { decodeFooter, encodeFooter } from "./table-format.ts";
import {
  encodeProperties,
  PropertiesBuilder,
  type TableOrigin,
  type TableProperties,
} from "./table-properties.ts";

export interface TableSettings {
  /** A block is closed once it has so many bytes, unpacked. */
  readonly blockBytes: number;
  readonly packing: Packing;
  readonly bloomBitsPerKey: number;
}

export const DEFAULT_TABLE_SETTINGS: TableSettings = {
  blockBytes: 4 * 1024,
  packing: "lz4",
  bloomBitsPerKey: 10,
};

/** What is known of a finished table: plain data, for the manifest and for other threads. */
export interface TableMetadata {
  readonly fileBytes: number;
  /** Of the footer, and so of all that it vouches for. */
  readonly checksum: number;
  readonly properties: TableProperties;
}

/** What a table carries that does not follow from its rows alone: what they superseded has been taken out. */
export interface TableSums {
  readonly summary: MerkleSummary;
  readonly tally: RowTally;
}

export interface NewTable {
  readonly traits: CellTraits;
  readonly settings: TableSettings;
  readonly origin: TableOrigin;
}

export class TableWriter {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #file: DiskFile;
  readonly #output: FileOutput;
  readonly #settings: TableSettings;
  readonly #packer: BlockPacker;
  readonly #filter: BloomBuilder;
  readonly #properties: PropertiesBuilder;
  readonly #index = new BlockIndexBuilder();
  readonly #block = new BlockBuilder();
  readonly #hash: Hash64 = { low: 0, high: 0 };
  /** The last row key added is `#lastKey[0, #lastKeyLength)`. */
  #lastKey = new Uint8Array(256);
  #lastKeyLength = 0;
  /** Of the block being filled. */
  #separator = new Uint8Array(0);

  private constructor(disk: Disk, path: string, file: DiskFile, { traits, settings, origin }: NewTable) {
    this.#disk = disk;
    this.#path = path;
    this.#file = file;
    this.#output = new FileOutput(file);
    this.#settings = settings;
    this.#packer = new BlockPacker(settings.packing);
    this.#filter = new BloomBuilder(settings.bloomBitsPerKey);
    this.#properties = new PropertiesBuilder(traits, origin);
  }

  /** Begins a table; what a crash may have left at `path` is cut off. */
  static async create(disk: Disk, path: string, table: NewTable): Promise<TableWriter> {
    const file = await disk.open(path);
    await file.truncate(0);
    return new TableWriter(disk, path, file, table);
  }

  get rowCount(): number {
    return this.#properties.rowCount;
  }

  /** How long the data blocks are so far; the open block counts unpacked. */
  get dataBytes(): number {
    return this.#output.writtenBytes + (this.#block.entryCount === 0 ? 0 : this.#block.sizeBytes);
  }

  /**
   * Adds a row; key and cell are copied before it returns. A promise means that the disk is behind: await it before
   * the next call. Rejects with StoreError IO: then only `abandon` may follow.
   * Requires: a row key above the last one.
   */
  add(key: ByteRange, cell: ByteRange): void | Promise<void> {
    const shared = this.#shareWithLast(key);
    if (this.#block.entryCount === 0) this.#setSeparator(key, shared);
    this.#block.add(shared, key, cell);
    this.#properties.add(key, cell);
    hashBytes(this.#hash, key.bytes, key.start, key.end);
    this.#filter.add(this.#hash);
    this.#keepKey(key, shared);
    if (this.#block.sizeBytes >= this.#settings.blockBytes) return this.#closeBlock();
  }

  /** Resolves when the file is whole and durable, and closed; its name is durable after `syncDirectory`. */
  async finish(sums: TableSums): Promise<TableMetadata> {
    if (this.#block.entryCount > 0) await this.#closeBlock();
    const dataBytes = this.#output.writtenBytes;
    const properties = this.#properties.finish(this.#lastKey.slice(0, this.#lastKeyLength));
    const sections = [
      sums.summary.encode(),
      sums.tally.encode(),
      this.#index.finish(),
      this.#filter.finish(),
      encodeProperties(properties),
    ];
    const footer = encodeFooter(dataBytes, sections);
    for (const bytes of [...sections, footer]) await this.#output.write(bytes);
    await this.#output.drain();
    await this.#file.sync();
    await this.#file.close();
    const fileBytes = this.#output.writtenBytes;
    return { fileBytes, checksum: decodeFooter(footer, this.#path, fileBytes).checksum, properties };
  }

  /** Gives the table up and removes its file. */
  async abandon(): Promise<void> {
    await this.#output.drain().catch(() => undefined); // why it is given up, the caller knows already
    await this.#file.close();
    await this.#disk.remove(this.#path);
  }

  #closeBlock(): void | Promise<void> {
    const block = this.#block.finish();
    const packed = this.#packer.pack(block);
    this.#index.add(this.#separator, packed.length, block.length, crc32(packed));
    this.#block.reset();
    return this.#output.write(packed);
  }

  /** How many bytes the key has in common with the last one; fails unless it stands after it. */
  #shareWithLast({ bytes, start, end }: ByteRange): number {
    const last = this.#lastKey;
    const length = Math.min(this.#lastKeyLength, end - start);
    let shared = 0;
    while (shared < length && last[shared] === bytes[start + shared]) shared++;
    const isAbove = shared < length ? bytes[start + shared]! > last[shared]! : end - start > shared;
    assert(isAbove, "rows must come in order");
    return shared;
  }

  #setSeparator({ bytes, start }: ByteRange, shared: number): void {
    const length = this.#index.blockCount === 0 ? 0 : shared + 1;
    this.#separator = bytes.slice(start, start + length);
  }

  #keepKey({ bytes, start, end }: ByteRange, shared: number): void {
    const length = end - start;
    if (this.#lastKey.length < length) {
      const larger = new Uint8Array(2 * length);
      larger.set(this.#lastKey.subarray(0, shared));
      this.#lastKey = larger;
    }
    for (let i = shared; i < length; i++) this.#lastKey[i] = bytes[start + i]!;
    this.#lastKeyLength = length;
  }
}
