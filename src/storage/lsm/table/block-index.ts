/**
 * The sparse index of a table: which block may hold a row key, and where that block lies.
 * DO NOT CHANGE: see docs/formats/sstable.md to add a version.
 *
 *   blockCount          LEB128
 *   per block:
 *     separator         length (LEB128), bytes: the shortest beginning of the block's first row key that stands after
 *                       the last row key of the block before; empty for the first block
 *     packedBytes       LEB128: length in the file; each block begins where the one before ends
 *     rawBytes          LEB128: length unpacked
 *     checksum          4 bytes: CRC-32 of the packed bytes
 *
 * Hot: `find` once per get that the filter does not stop; watched by bench/table.ts. In memory about 40 bytes a block.
 */

import type { PackedBlock } from "./block-codec.ts";
import { ByteSink } from "./byte-sink.ts";
import { ByteSource, type Origin } from "./byte-source.ts";
import { prefixOf, type TableProbe } from "./table-probe.ts";

export class BlockIndexBuilder {
  readonly #entries = new ByteSink(16 * 1024);
  #blockCount = 0;

  get blockCount(): number {
    return this.#blockCount;
  }

  add(separator: Uint8Array, packedBytes: number, rawBytes: number, checksum: number): void {
    this.#entries.string(separator);
    this.#entries.number(packedBytes);
    this.#entries.number(rawBytes);
    this.#entries.uint32(checksum);
    this.#blockCount++;
  }

  /** The index's section. */
  finish(): Uint8Array {
    const section = new ByteSink(this.#entries.length + 8);
    section.number(this.#blockCount);
    section.bytes(this.#entries.take());
    return section.take();
  }
}

export class BlockIndex {
  readonly blockCount: number;
  readonly #prefixes: Float64Array;
  /** Separator i is `#separators[#starts[i], #starts[i + 1])`. */
  readonly #separators: Uint8Array;
  readonly #starts: Uint32Array;
  /** Block i lies at `#offsets[i]` up to `#offsets[i + 1]`. */
  readonly #offsets: Float64Array;
  readonly #rawBytes: Uint32Array;
  readonly #checksums: Uint32Array;

  /** Reads the section `bytes`. Throws StoreError CORRUPTION if it does not describe `dataBytes` of blocks. */
  constructor(bytes: Uint8Array, dataBytes: number, origin: Origin) {
    const source = new ByteSource(bytes, origin);
    const count = source.number();
    if (count > bytes.length) source.fail("too many blocks");
    const separators = new ByteSink(bytes.length + 1);
    this.blockCount = count;
    this.#prefixes = new Float64Array(count);
    this.#starts = new Uint32Array(count + 1);
    this.#offsets = new Float64Array(count + 1);
    this.#rawBytes = new Uint32Array(count);
    this.#checksums = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const separator = source.string();
      separators.bytes(separator);
      this.#prefixes[i] = prefixOf(separator, 0, separator.length);
      this.#starts[i + 1] = separators.length;
      this.#offsets[i + 1] = this.#offsets[i]! + source.number();
      this.#rawBytes[i] = source.number();
      this.#checksums[i] = source.uint32();
    }
    source.end();
    if (this.#offsets[count] !== dataBytes) source.fail("the blocks' lengths do not add up");
    this.#separators = separators.take().slice();
  }

  get sizeBytes(): number {
    return this.#separators.length + this.blockCount * 32;
  }

  /** The only block that may hold the row key. Requires: a table with blocks. */
  find(probe: TableProbe): number {
    const prefixes = this.#prefixes;
    const { prefix } = probe;
    let low = 0; // its separator is at or before the key
    let high = prefixes.length; // and that one's after
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      const other = prefixes[middle]!;
      if (other < prefix || (other === prefix && this.#compare(middle, probe) <= 0)) low = middle;
      else high = middle;
    }
    return low;
  }

  offset(block: number): number {
    return this.#offsets[block]!;
  }

  /** Length in the file. */
  packedBytes(block: number): number {
    return this.#offsets[block + 1]! - this.#offsets[block]!;
  }

  rawBytes(block: number): number {
    return this.#rawBytes[block]!;
  }

  packed(block: number): PackedBlock {
    const rawBytes = this.#rawBytes[block]!;
    return { offset: this.#offsets[block]!, rawBytes, checksum: this.#checksums[block]! };
  }

  separator(block: number): Uint8Array {
    return this.#separators.subarray(this.#starts[block]!, this.#starts[block + 1]!);
  }

  /** Negative if the separator stands before the key. */
  #compare(block: number, probe: TableProbe): number {
    const start = this.#starts[block]!;
    const separatorLength = this.#starts[block + 1]! - start;
    const length = Math.min(separatorLength, probe.length);
    for (let i = 0; i < length; i++) {
      const difference = this.#separators[start + i]! - probe.bytes[i]!;
      if (difference !== 0) return difference;
    }
    return separatorLength - probe.length;
  }
}
