/**
 * Rows in the arena: how their key and cell lie in a block (drawn in block.ts). Knows nothing of how rows are found.
 *
 * Hot: every GET and SET; watched by bench/memory-engine.ts.
 */
import { ByteCopier } from "../../base/byte-copier.ts";
import type { ByteRange, WordRange } from "../../base/bytes.ts";
import type { RowKey } from "../row-key.ts";
import type { Arena } from "./arena.ts";
import {
  cellLengthAt,
  cellWordAt,
  EXPIRING,
  INLINE_CELL_BYTES_MAX,
  isExpiringAt,
  isLargeAt,
  keyLengthAt,
  keyWordAt,
  LARGE,
  LONG_KEY,
  REGION_MASK,
  REGION_SHIFT,
  rowUnits,
  rowWord,
  UNIT_BYTES,
} from "./block.ts";
import { LargeCells } from "./large-cells.ts";

const PLACE_WORD = 2;
const EMPTY = new Uint8Array(0);

export class Rows {
  readonly #arena: Arena;
  readonly large = new LargeCells();
  readonly #copier = new ByteCopier();
  readonly #cell: WordRange = { bytes: EMPTY, start: 0, end: 0, words: undefined };
  #given: Uint8Array = EMPTY;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Points `into` at the row's cell. */
  cellInto(address: number, into: WordRange): void {
    const region = address >>> REGION_SHIFT;
    const words = this.#arena.words[region]!;
    const at = (address & REGION_MASK) << 1;
    const word = cellWordAt(words, at);
    if (isLargeAt(words, at)) {
      into.words = undefined;
      this.large.into(words[word]!, cellLengthAt(words, at), into);
    } else {
      into.words = words;
      into.bytes = this.#arena.bytes[region]!;
      into.start = word << 2;
      into.end = (word << 2) + cellLengthAt(words, at);
    }
    this.#given = into.bytes;
  }

  /** Points `into` at the row key. */
  keyInto(address: number, into: ByteRange): void {
    const region = address >>> REGION_SHIFT;
    const words = this.#arena.words[region]!;
    const at = (address & REGION_MASK) << 1;
    const start = keyWordAt(words, at) << 2;
    into.bytes = this.#arena.bytes[region]!;
    into.start = start;
    into.end = start + keyLengthAt(words, at);
  }

  /** True if these bytes are the ones that `cellInto` gave last: a write could change them while they are read. */
  hasGiven(bytes: Uint8Array): boolean {
    return bytes === this.#given;
  }

  /** What a row would take. */
  static sizeBytes(keyLength: number, cellLength: number, isExpiring: boolean): number {
    const flags = flagsOf(cellLength, isExpiring);
    return (
      rowUnits(keyLength, cellLength, flags) * UNIT_BYTES + (flags < 0 ? LargeCells.sizeBytes(cellLength) : 0)
    );
  }

  sizeBytesAt(address: number): number {
    const words = this.#arena.words[address >>> REGION_SHIFT]!;
    const at = (address & REGION_MASK) << 1;
    return Rows.sizeBytes(keyLengthAt(words, at), cellLengthAt(words, at), isExpiringAt(words, at));
  }

  /** Returns the address of a new row. Throws StoreError OUT_OF_MEMORY, before any change. */
  create(key: RowKey, cell: ByteRange, isExpiring: boolean, use: number): number {
    const keyLength = key.length;
    const cellLength = cell.end - cell.start;
    const flags = flagsOf(cellLength, isExpiring);
    const units = rowUnits(keyLength, cellLength, flags);
    this.#arena.assertRoom(units);
    const number = flags < 0 ? this.large.add(cell) : 0;
    const address = this.#arena.allocate(units);
    const words = this.#arena.words[address >>> REGION_SHIFT]!;
    const at = (address & REGION_MASK) << 1;
    words[at] = (use << 8) | (keyLength < LONG_KEY ? keyLength : LONG_KEY);
    words[at + 1] = rowWord(cellLength, flags);
    let word = at + 2 + (isExpiring ? 1 : 0);
    if (keyLength >= LONG_KEY) words[word++] = keyLength;
    const keyWords = key.words;
    const wordCount = (keyLength + 3) >>> 2;
    for (let i = 0; i < wordCount; i++) words[word++] = keyWords[i]!;
    if (flags < 0) words[word] = number;
    else this.#copier.copy(cell, words, this.#arena.bytes[address >>> REGION_SHIFT]!, word);
    return address;
  }

  /** Puts another cell in the row's place, if it takes as much. */
  overwrite(address: number, cell: ByteRange, isExpiring: boolean): boolean {
    const words = this.#arena.words[address >>> REGION_SHIFT]!;
    const at = (address & REGION_MASK) << 1;
    const header = words[at + 1]!;
    const cellLength = cell.end - cell.start;
    const flags = flagsOf(cellLength, isExpiring);
    if (((header ^ flags) & (EXPIRING | LARGE)) !== 0) return false;
    const cellWord = cellWordAt(words, at);
    if (flags < 0) {
      if (!this.large.overwrite(words[cellWord]!, cellLengthAt(words, at), cell)) return false;
    } else {
      const keyAndHeader = cellWord - at;
      const wordsBefore = keyAndHeader + ((cellLengthAt(words, at) + 3) >>> 2);
      if ((wordsBefore + 1) >>> 1 !== (keyAndHeader + ((cellLength + 3) >>> 2) + 1) >>> 1) return false;
      this.#copier.copy(cell, words, this.#arena.bytes[address >>> REGION_SHIFT]!, cellWord);
    }
    words[at + 1] = rowWord(cellLength, flags);
    return true;
  }

  /** Gives the last bytes of the row's cell another content. Requires: the cell is as long, or longer. */
  rewriteEnd(address: number, end: ByteRange): void {
    if (end.end === end.start) return;
    const cell = this.#cell;
    this.cellInto(address, cell);
    const at = cell.end - (end.end - end.start);
    if (cell.words !== undefined && (at & 3) === 0) this.#copier.copy(end, cell.words, cell.bytes, at >>> 2);
    else cell.bytes.set(end.bytes.subarray(end.start, end.end), at);
  }

  /** Requires: nothing leads to the row any more. */
  free(address: number): void {
    const words = this.#arena.words[address >>> REGION_SHIFT]!;
    const at = (address & REGION_MASK) << 1;
    if (isLargeAt(words, at)) this.large.remove(words[cellWordAt(words, at)]!, cellLengthAt(words, at));
    this.#arena.free(address, rowUnits(keyLengthAt(words, at), cellLengthAt(words, at), words[at + 1]!));
  }

  useOf(address: number): number {
    return this.#arena.words[address >>> REGION_SHIFT]![(address & REGION_MASK) << 1]! >>> 8;
  }

  setUse(address: number, use: number): void {
    const words = this.#arena.words[address >>> REGION_SHIFT]!;
    const at = (address & REGION_MASK) << 1;
    words[at] = (use << 8) | (words[at]! & 0xff);
  }

  isExpiring(address: number): boolean {
    return isExpiringAt(this.#arena.words[address >>> REGION_SHIFT]!, (address & REGION_MASK) << 1);
  }

  /** Place in the expiry set. Requires: the row expires. */
  expiryPlaceOf(address: number): number {
    return this.#arena.words[address >>> REGION_SHIFT]![((address & REGION_MASK) << 1) + PLACE_WORD]!;
  }

  /** Lets go of buffers that are not the engine's. */
  forgetSources(): void {
    this.#copier.forget();
  }

  /** Forgets all. Requires: the arena has been cleared. */
  clear(): void {
    this.large.clear();
    this.#given = EMPTY;
  }
}

function flagsOf(cellLength: number, isExpiring: boolean): number {
  return (isExpiring ? EXPIRING : 0) | (cellLength > INLINE_CELL_BYTES_MAX ? LARGE : 0);
}
