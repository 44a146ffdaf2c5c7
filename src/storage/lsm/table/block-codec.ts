/**
 * How a block lies in the file: one byte that names the packing, then the packed bytes. Its checksum and unpacked
 * length stand in the index.
 *
 *   offset  size  field
 *        0     1  packing   0 stored, 1 LZ4, 2 deflate (raw)
 *        1   ...  bytes
 *
 * A block that hardly shrinks is stored, so that random bytes cost nothing to read.
 */
import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";
import { corruption } from "./corruption.ts";
import { Lz4Packer, lz4BytesMax, unpackLz4 } from "./lz4.ts";

export const PACKING = { stored: 0, lz4: 1, deflate: 2 } as const;
export type Packing = keyof typeof PACKING;

/** A packed block must save at least one part in so many. */
const WORTHWHILE_PART = 8;
/** After so many blocks in a row that were not worth it, only every so many-th is tried: the next are likely alike. */
const FUTILE_COUNT = 4;

export class BlockPacker {
  readonly #packing: Packing;
  readonly #lz4 = new Lz4Packer();
  #target = new Uint8Array(0);
  /** Blocks since the last one that was worth packing. */
  #futileCount = 0;

  constructor(packing: Packing) {
    this.#packing = packing;
  }

  /** The block as it is to lie in the file; the packer's, valid until the next call. */
  pack(block: Uint8Array): Uint8Array {
    const limit = block.length - Math.ceil(block.length / WORTHWHILE_PART);
    this.#reserve(1 + lz4BytesMax(block.length));
    const length = this.#isHopeless() ? 0 : this.#packInto(block, limit);
    if (length > 0) {
      this.#futileCount = 0;
      return this.#target.subarray(0, 1 + length);
    }
    this.#futileCount++;
    this.#target[0] = PACKING.stored;
    this.#target.set(block, 1);
    return this.#target.subarray(0, 1 + block.length);
  }

  #isHopeless(): boolean {
    if (this.#packing === "stored") return true;
    return this.#futileCount >= FUTILE_COUNT && this.#futileCount % FUTILE_COUNT !== 0;
  }

  #packInto(block: Uint8Array, limit: number): number {
    this.#target[0] = PACKING[this.#packing];
    if (this.#packing === "lz4") return this.#lz4.pack(block, this.#target.subarray(1), limit);
    const packed = deflateRawSync(block, { level: 6 });
    if (packed.length > limit) return 0;
    this.#target.set(packed, 1);
    return packed.length;
  }

  #reserve(length: number): void {
    if (this.#target.length < length) this.#target = new Uint8Array(Math.max(2 * length, 64 * 1024));
  }
}

/** What the index says of a packed block. */
export interface PackedBlock {
  readonly offset: number;
  readonly rawBytes: number;
  readonly checksum: number;
}

/**
 * The unpacked block, in memory of its own unless it was stored: then it is part of `packed`. With a `scratch`, in that
 * if it has room. Throws StoreError CORRUPTION if the bytes are not those that were written.
 */
export function unpackBlock(
  packed: Uint8Array,
  expected: PackedBlock,
  path: string,
  scratch?: Uint8Array,
): Uint8Array {
  requireChecksum(packed, expected, path);
  const { offset, rawBytes } = expected;
  const block = unpackBytes(packed[0], packed.subarray(1), rawBytes, scratch);
  if (block?.length !== rawBytes) throw corruption(path, offset, "the block cannot be unpacked");
  return block;
}

/** Throws StoreError CORRUPTION if the bytes are not those that were written. */
export function requireChecksum(
  packed: Uint8Array,
  { offset, checksum }: Pick<PackedBlock, "offset" | "checksum">,
  path: string,
): void {
  if (crc32(packed) !== checksum) throw corruption(path, offset, "the block's checksum does not match");
}

function unpackBytes(
  packing: number | undefined,
  bytes: Uint8Array,
  rawBytes: number,
  scratch: Uint8Array | undefined,
): Uint8Array | undefined {
  if (packing === PACKING.stored) return bytes;
  if (packing === PACKING.lz4) {
    const hasRoom = scratch !== undefined && scratch.length >= rawBytes;
    const target = hasRoom ? scratch.subarray(0, rawBytes) : new Uint8Array(rawBytes);
    return unpackLz4(bytes, target) ? target : undefined;
  }
  if (packing === PACKING.deflate) return inflate(bytes, rawBytes);
  return undefined;
}

function inflate(bytes: Uint8Array, rawBytes: number): Uint8Array | undefined {
  try {
    const block = inflateRawSync(bytes, { maxOutputLength: Math.max(1, rawBytes) });
    return new Uint8Array(block.buffer, block.byteOffset, block.length); // a Buffer's methods are not the same
  } catch {
    return undefined; // what is wrong with it is of no use to anybody: the caller says where it lies
  }
}
