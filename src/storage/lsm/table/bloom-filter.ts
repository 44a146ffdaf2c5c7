/**
 * Tells of most row keys that are not in a table that they are not, without reading it. Blocked: all bits of a key lie
 * in one cache line.
 * Source: Putze et al. 2007, "Cache-, Hash- and Space-Efficient Bloom Filters"; the probes are those of RocksDB's
 * FastLocalBloom. DO NOT CHANGE: see docs/formats/sstable.md to add a version.
 *
 *   lines        64 bytes each; a key's line is high(hash) * lineCount / 2^32
 *   probeCount   1 byte; probe i sets bit (low(hash) * golden^i) >>> 23 of the 512, lowest bit of a byte first
 *
 * Without any line (an empty table) no key may be there.
 *
 * Hot: once per table and get; watched by bench/table.ts.
 */
import { assert } from "../../../base/assert.ts";
import type { Hash64 } from "./byte-hash.ts";

const LINE_BYTES = 64;
const LINE_BITS_SHIFT = 23; // 32 - log2(512)
const GOLDEN = 0x9e3779b9;
const PROBES_MAX = 16;

/** Collects the hashes of a table's row keys, 8 bytes each, for nobody knows beforehand how many there will be. */
export class BloomBuilder {
  readonly #bitsPerKey: number;
  #hashes = new Int32Array(16 * 1024);
  #length = 0;

  /** About 1 % false positives at 10 bits, 0.3 % at 14. */
  constructor(bitsPerKey: number) {
    assert(bitsPerKey >= 1 && bitsPerKey <= 64, "bitsPerKey out of range");
    this.#bitsPerKey = bitsPerKey;
  }

  add(hash: Hash64): void {
    if (this.#length === this.#hashes.length) {
      const larger = new Int32Array(2 * this.#length);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes[this.#length++] = hash.low;
    this.#hashes[this.#length++] = hash.high;
  }

  /** The filter's section. */
  finish(): Uint8Array {
    const keyCount = this.#length / 2;
    const lineCount = Math.ceil((keyCount * this.#bitsPerKey) / (8 * LINE_BYTES));
    const probeCount = Math.max(1, Math.min(PROBES_MAX, Math.round(this.#bitsPerKey * 0.69)));
    const bytes = new Uint8Array(lineCount * LINE_BYTES + 1);
    bytes[bytes.length - 1] = probeCount;
    for (let i = 0; i < this.#length; i += 2) {
      const lineAt = lineOf(this.#hashes[i + 1]!, lineCount);
      let probe = this.#hashes[i]!;
      for (let count = probeCount; count > 0; count--, probe = Math.imul(probe, GOLDEN)) {
        const bit = probe >>> LINE_BITS_SHIFT;
        bytes[lineAt + (bit >>> 3)]! |= 1 << (bit & 7);
      }
    }
    return bytes;
  }
}

export class BloomFilter {
  readonly #bytes: Uint8Array;
  readonly #lineCount: number;
  readonly #probeCount: number;

  /** `bytes` is the section, kept. Requires: its checksum was verified. */
  constructor(bytes: Uint8Array) {
    assert(bytes.length % LINE_BYTES === 1, "not a filter");
    this.#bytes = bytes;
    this.#lineCount = (bytes.length - 1) / LINE_BYTES;
    this.#probeCount = bytes[bytes.length - 1]!;
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  /** False only if no key of this hash was added. */
  mayContain(hash: Hash64): boolean {
    if (this.#lineCount === 0) return false;
    const bytes = this.#bytes;
    const lineAt = lineOf(hash.high, this.#lineCount);
    let probe = hash.low;
    for (let count = this.#probeCount; count > 0; count--, probe = Math.imul(probe, GOLDEN)) {
      const bit = probe >>> LINE_BITS_SHIFT;
      if ((bytes[lineAt + (bit >>> 3)]! & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }
}

/** Where the line of a key begins. */
function lineOf(hash: number, lineCount: number): number {
  return Math.floor(((hash >>> 0) * lineCount) / 2 ** 32) * LINE_BYTES;
}
