/**
 * Leaf sums of the Merkle trees of all slots. A leaf is a slot and the top 6 bits of a position; its sum is that of
 * the version hashes of its rows, each 32-bit half by itself, modulo 2^32. Sums of parts add up to the sum of the
 * whole, and whatever is superseded or dropped is subtracted: so
 *
 *   summaries of all tables + overlay of the memtables = summary of a full scan
 *
 * Encoded sparsely. DO NOT CHANGE: see docs/formats/sstable.md to add a version.
 *
 *   slotCount     LEB128
 *   per slot that has a leaf other than 0, by rising slot:
 *     slot        LEB128: less the slot before less 1 (the first: the slot itself)
 *     leaves      8 bytes: bit i (lowest bit of the first byte first) is set if leaf i is not 0
 *     per such leaf: low (4 bytes), high (4 bytes), little-endian
 */
import { assert } from "../../../base/assert.ts";
import type { ByteRange } from "../../../base/bytes.ts";
import { SLOT_COUNT } from "../../../ring/slot.ts";
import { positionOfRow, slotOfRow } from "../../row-key.ts";
import type { Hash64 } from "./byte-hash.ts";
import { ByteSink } from "./byte-sink.ts";
import { ByteSource, type Origin } from "./byte-source.ts";
import type { CellTraits } from "./cell-traits.ts";
import { hashVersion } from "./version-hash.ts";

export const SLOT_LEAF_COUNT = 64;
const POSITION_SHIFT = 10; // 16 bits of position, the top 6 of which are the leaf
const SLOT_WORDS = 2 * SLOT_LEAF_COUNT;
const SLOTS_PER_PART = 256;
const PAGES_MIN = 4;
const LEAF_BITS_BYTES = SLOT_LEAF_COUNT / 8;

/** The rows of a memtable: the newest version of each, and what it superseded in older memtables and tables. */
export interface VersionedRows {
  readonly key: ByteRange;
  readonly cell: ByteRange;
  /** Version hash of what the row superseded; both halves 0 if there was none. */
  readonly superseded: Hash64;
  next(): boolean;
}

/** The leaf of the row whose key starts at `start`: slot * 64 + the top 6 bits of its position. */
export function leafOfRow(bytes: Uint8Array, start: number): number {
  return slotOfRow(bytes, start) * SLOT_LEAF_COUNT + (positionOfRow(bytes, start) >>> POSITION_SHIFT);
}

/** Of every summary that has nothing in it yet; never written to. */
const NO_PAGES = new Uint16Array(0);
const NO_WORDS = new Int32Array(0);

export class MerkleSummary {
  readonly #firstSlot: number;
  readonly #endSlot: number;
  /** Per slot from the first, one more than the number of its page; 0 if it has none: all its leaves are 0. */
  #pages = NO_PAGES;
  #pageCount = 0;
  /** Per page, low and high of each leaf. */
  #words = NO_WORDS;
  readonly #hash: Hash64 = { low: 0, high: 0 };

  /** Of slots `firstSlot` <= slot < `endSlot` alone: only those may be added to. One of few slots takes little memory. */
  constructor(firstSlot = 0, endSlot: number = SLOT_COUNT) {
    this.#firstSlot = firstSlot;
    this.#endSlot = endSlot;
  }

  add(leaf: number, hash: Hash64): void {
    const at = this.#wordAt(leaf);
    this.#words[at]! += hash.low;
    this.#words[at + 1]! += hash.high;
  }

  subtract(leaf: number, hash: Hash64): void {
    const at = this.#wordAt(leaf);
    this.#words[at]! -= hash.low;
    this.#words[at + 1]! -= hash.high;
  }

  addRow(key: ByteRange, cell: ByteRange, traits: Pick<CellTraits, "versionRange">): void {
    hashVersion(this.#hash, key, cell, traits);
    this.add(leafOfRow(key.bytes, key.start), this.#hash);
  }

  subtractRow(key: ByteRange, cell: ByteRange, traits: Pick<CellTraits, "versionRange">): void {
    hashVersion(this.#hash, key, cell, traits);
    this.subtract(leafOfRow(key.bytes, key.start), this.#hash);
  }

  /** Adds every row, and takes out what each superseded. */
  addOverlay(rows: VersionedRows, traits: Pick<CellTraits, "versionRange">): void {
    while (rows.next()) {
      this.addRow(rows.key, rows.cell, traits);
      this.subtract(leafOfRow(rows.key.bytes, rows.key.start), rows.superseded);
    }
  }

  /** Adds the leaves `from` <= leaf < `to` of another summary. */
  addSummary(other: MerkleSummary, from = 0, to = SLOT_COUNT * SLOT_LEAF_COUNT): void {
    this.#combine(other, 1, from, to);
  }

  subtractSummary(other: MerkleSummary, from = 0, to = SLOT_COUNT * SLOT_LEAF_COUNT): void {
    this.#combine(other, -1, from, to);
  }

  /** Becomes the leaf's sum. */
  read(leaf: number, into: Hash64): void {
    const page = this.#pageOf(Math.floor(leaf / SLOT_LEAF_COUNT));
    const at = (page - 1) * SLOT_WORDS + 2 * (leaf % SLOT_LEAF_COUNT);
    into.low = page === 0 ? 0 : this.#words[at]!;
    into.high = page === 0 ? 0 : this.#words[at + 1]!;
  }

  /** Visits the leaves other than 0, in order. The sum is reused: read it before returning. */
  forEachLeaf(visit: (leaf: number, sum: Hash64) => void, from = 0, to = SLOT_COUNT * SLOT_LEAF_COUNT): void {
    const sum: Hash64 = { low: 0, high: 0 };
    for (let leaf = from; leaf < to; leaf++) {
      if (leaf % SLOT_LEAF_COUNT === 0 && this.#pageOf(leaf / SLOT_LEAF_COUNT) === 0) {
        leaf += SLOT_LEAF_COUNT - 1;
        continue;
      }
      this.read(leaf, sum);
      if (sum.low !== 0 || sum.high !== 0) visit(leaf, sum);
    }
  }

  equals(other: MerkleSummary): boolean {
    const difference = new MerkleSummary();
    difference.addSummary(this);
    difference.subtractSummary(other);
    let isEqual = true;
    difference.forEachLeaf(() => {
      isEqual = false;
    });
    return isEqual;
  }

  /** The summary's section. Equal summaries have equal encodings. */
  encode(): Uint8Array {
    const leaves = new ByteSink(this.#pageCount * 256 + 8);
    let slotCount = 0;
    let before = -1;
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      if (this.#isSlotZero(slot)) continue;
      leaves.number(slot - before - 1);
      this.#encodeSlot(slot, leaves);
      before = slot;
      slotCount++;
    }
    const sink = new ByteSink(leaves.length + 8);
    sink.number(slotCount);
    sink.bytes(leaves.take());
    return sink.take();
  }

  /** Throws StoreError CORRUPTION if the bytes are not what `encode` makes. */
  static decode(bytes: Uint8Array, origin: Origin): MerkleSummary {
    const decoding = MerkleSummary.decodeInParts(bytes, origin);
    for (let part = decoding.next(); ; part = decoding.next()) if (part.done) return part.value;
  }

  /** As `decode`, which takes tens of milliseconds for a large one: yields after every part of a millisecond. */
  static *decodeInParts(bytes: Uint8Array, origin: Origin): Generator<undefined, MerkleSummary> {
    const summary = new MerkleSummary();
    const source = new ByteSource(bytes, origin);
    const slotCount = source.number();
    summary.#words = new Int32Array(Math.min(slotCount, SLOT_COUNT) * SLOT_WORDS);
    let slot = -1;
    for (let i = 0; i < slotCount; i++) {
      slot += source.number() + 1;
      if (slot >= SLOT_COUNT) source.fail("there is no such slot");
      summary.#decodeSlot(slot, source);
      if (i % SLOTS_PER_PART === SLOTS_PER_PART - 1) yield;
    }
    source.end();
    return summary;
  }

  #encodeSlot(slot: number, sink: ByteSink): void {
    const words = this.#words;
    const start = (this.#pageOf(slot) - 1) * SLOT_WORDS;
    const end = start + SLOT_WORDS;
    for (let at = start; at < end; at += 16) {
      let bits = 0;
      for (let i = 0; i < 8; i++) if ((words[at + 2 * i]! | words[at + 2 * i + 1]!) !== 0) bits |= 1 << i;
      sink.byte(bits);
    }
    for (let at = start; at < end; at += 2) {
      if ((words[at]! | words[at + 1]!) === 0) continue;
      sink.uint32(words[at]!);
      sink.uint32(words[at + 1]!);
    }
  }

  /** Requires: nothing was added to the slot yet. */
  #decodeSlot(slot: number, source: ByteSource): void {
    const bits = source.bytes(LEAF_BITS_BYTES);
    const start = this.#wordAt(slot * SLOT_LEAF_COUNT);
    const words = this.#words;
    const bytes = source.bytes(8 * bitCount(bits));
    let at = 0;
    for (let i = 0; i < SLOT_LEAF_COUNT; i++) {
      if ((bits[i >>> 3]! & (1 << (i & 7))) === 0) continue;
      words[start + 2 * i] = uint32At(bytes, at);
      words[start + 2 * i + 1] = uint32At(bytes, at + 4);
      at += 8;
    }
  }

  /** Adds, or takes out, the leaves `from` <= leaf < `to` of another summary. */
  #combine(other: MerkleSummary, sign: 1 | -1, from: number, to: number): void {
    const mask = sign === 1 ? 0 : -1; // -x is ~x + 1, and stays an integer of 32 bits
    const end = Math.ceil(to / SLOT_LEAF_COUNT);
    for (let slot = Math.floor(from / SLOT_LEAF_COUNT); slot < end; slot++) {
      const page = other.#pageOf(slot);
      if (page === 0) continue;
      const first = Math.max(from, slot * SLOT_LEAF_COUNT);
      const count = 2 * (Math.min(to, (slot + 1) * SLOT_LEAF_COUNT) - first);
      const at = this.#wordAt(first);
      const otherAt = (page - 1) * SLOT_WORDS + 2 * (first % SLOT_LEAF_COUNT);
      const [words, otherWords] = [this.#words, other.#words];
      for (let i = 0; i < count; i++) words[at + i]! += (otherWords[otherAt + i]! ^ mask) - mask;
    }
  }

  #isSlotZero(slot: number): boolean {
    const page = this.#pageOf(slot);
    if (page === 0) return true;
    for (let at = (page - 1) * SLOT_WORDS; at < page * SLOT_WORDS; at++)
      if (this.#words[at] !== 0) return false;
    return true;
  }

  #wordAt(leaf: number): number {
    const slot = Math.floor(leaf / SLOT_LEAF_COUNT);
    const page = this.#pageOf(slot) || this.#addPage(slot);
    return (page - 1) * SLOT_WORDS + 2 * (leaf % SLOT_LEAF_COUNT);
  }

  /** 0 if it has none. */
  #pageOf(slot: number): number {
    return this.#pages[slot - this.#firstSlot] ?? 0;
  }

  #addPage(slot: number): number {
    const used = this.#pageCount * SLOT_WORDS;
    if (used === this.#words.length) {
      const slotCount = this.#endSlot - this.#firstSlot;
      const larger = new Int32Array(
        Math.min(slotCount, Math.max(PAGES_MIN, 2 * this.#pageCount)) * SLOT_WORDS,
      );
      larger.set(this.#words);
      this.#words = larger;
    }
    assert(slot >= this.#firstSlot && slot < this.#endSlot, "a summary is of its own slots");
    if (this.#pageCount === 0) this.#pages = new Uint16Array(this.#endSlot - this.#firstSlot);
    this.#pages[slot - this.#firstSlot] = ++this.#pageCount;
    return this.#pageCount;
  }
}

function bitCount(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) for (let bits = byte; bits !== 0; bits &= bits - 1) count++;
  return count;
}

function uint32At(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
