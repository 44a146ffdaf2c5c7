/** The rows of a table's sound blocks, in order. What is wrong with the others has been told by whoever checked it. */
import { crc32 } from "node:zlib";
import type { ByteRange } from "../../../base/bytes.ts";
import { StoreError } from "../../../base/errors.ts";
import type { Disk, DiskFile } from "../../../runtime/runtime.ts";
import { unpackBlock } from "../table/block-codec.ts";
import { BlockIndex } from "../table/block-index.ts";
import { BlockCursor } from "../table/block-reader.ts";
import { corruption } from "../table/corruption.ts";
import { decodeFooter, FOOTER_BYTES } from "../table/table-format.ts";
import type { RowRank } from "./row-rank.ts";

/** Sorted rows, all of one rank at a time. */
export interface RankedRows {
  readonly key: ByteRange;
  readonly cell: ByteRange;
  readonly rank: RowRank;
  next(): boolean | Promise<boolean>;
  close(): Promise<void>;
}

export class SoundRows implements RankedRows {
  readonly key: ByteRange;
  readonly cell: ByteRange;
  readonly rank: RowRank;
  readonly #path: string;
  readonly #file: DiskFile;
  readonly #index: BlockIndex;
  readonly #cursor = new BlockCursor();
  #nextBlock = 0;

  private constructor(path: string, file: DiskFile, index: BlockIndex, rank: RowRank) {
    this.#path = path;
    this.#file = file;
    this.#index = index;
    this.rank = rank;
    this.key = this.#cursor.key;
    this.cell = this.#cursor.cell;
  }

  /**
   * Rejects with StoreError CORRUPTION if the file's footer or index is damaged, for then no block can be found; or if
   * it is not the table of this checksum.
   */
  static async open(disk: Disk, path: string, rank: RowRank, checksum?: number): Promise<SoundRows> {
    const file = await disk.open(path, { create: false });
    try {
      return new SoundRows(path, file, await readIndex(file, path, checksum), rank);
    } catch (cause) {
      await file.close();
      throw cause;
    }
  }

  next(): boolean | Promise<boolean> {
    return this.#cursor.next() || this.#moveOn();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #moveOn(): Promise<boolean> {
    while (this.#nextBlock < this.#index.blockCount) {
      if (!(await this.#enter(this.#nextBlock++))) continue;
      if (this.#cursor.next()) return true;
    }
    return false;
  }

  /** False if the block is damaged. */
  async #enter(number: number): Promise<boolean> {
    const length = this.#index.packedBytes(number);
    const packed = await this.#file.read(this.#index.offset(number), length);
    if (packed.length < length) return false;
    try {
      this.#cursor.open(unpackBlock(packed, this.#index.packed(number), this.#path));
      return true;
    } catch (cause) {
      if (!(cause instanceof StoreError) || cause.code !== "CORRUPTION") throw cause;
      return false;
    }
  }
}

async function readIndex(file: DiskFile, path: string, wanted: number | undefined): Promise<BlockIndex> {
  const fileBytes = await file.sizeBytes();
  const footerAt = Math.max(0, fileBytes - FOOTER_BYTES);
  const footer = decodeFooter(await file.read(footerAt, FOOTER_BYTES), path, fileBytes);
  if (wanted !== undefined && footer.checksum !== wanted) throw corruption(path, footerAt, "another table");
  const { offset, length, checksum } = footer.sections.index;
  const bytes = await file.read(offset, length);
  if (bytes.length < length || crc32(bytes) !== checksum)
    throw corruption(path, offset, "the index is damaged");
  return new BlockIndex(bytes, footer.dataBytes, { path, offset });
}
