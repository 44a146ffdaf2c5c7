/**
 * The cells that are too long to lie in their rows, known to them by number. Up to 1 MiB they lie in an arena of
 * their own; longer ones have a buffer each, resizable for two reasons: it changes its length in place, and it gives
 * its memory back at once.
 *
 *   block   word 0  number
 *           word 1  kind, size
 *           ...     cell
 */
import type { ByteRange } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import { Arena } from "./arena.ts";
import { blockWord, KIND_CELL, REGION_MASK, REGION_SHIFT } from "./block.ts";
import { Compactor } from "./compactor.ts";
import { LARGE_BLOCKS } from "./regions.ts";

const HEADER_BYTES = 8;
const { wordShift } = LARGE_BLOCKS;
const UNIT_BYTES = 4 << wordShift;
const ARENA_CELL_BYTES_MAX = 1024 * 1024;
/** In one step of maintenance: 512 KiB. */
const COMPACTED_UNITS = 4 * 1024;
const SYSTEM_PAGE_BYTES = 4096;
/** A buffer may grow by this part without being replaced. */
const BUFFER_GROWTH = 1 / 4;

/** Of ECMAScript 2024; every Node.js since 20 has it. */
interface ResizableBuffer extends ArrayBuffer {
  readonly maxByteLength: number;
  resize(sizeBytes: number): void;
}

export class LargeCells {
  readonly #arena = new Arena(LARGE_BLOCKS);
  readonly #compactor = new Compactor(this.#arena, (_kind, _from, to) => this.#onMoved(to));
  /** By number: the address of the block, or the cell's own bytes. */
  readonly #places: (number | Uint8Array)[] = [];
  readonly #vacant: number[] = [];
  #bufferBytes = 0;

  get liveBytes(): number {
    return this.#arena.liveBytes + this.#bufferBytes;
  }

  get heldBytes(): number {
    return this.#arena.heldBytes + this.#bufferBytes;
  }

  /** What a cell of this length takes. */
  static sizeBytes(cellLength: number): number {
    if (cellLength > ARENA_CELL_BYTES_MAX) return roundUp(cellLength, SYSTEM_PAGE_BYTES);
    return unitsFor(cellLength) * UNIT_BYTES;
  }

  /** Copies the cell. Returns its number. Throws StoreError OUT_OF_MEMORY, before any change. */
  add(cell: ByteRange): number {
    const length = cell.end - cell.start;
    const isInArena = length <= ARENA_CELL_BYTES_MAX;
    const place = isInArena ? this.#allocate(unitsFor(length)) : allocateBuffer(length);
    const number = this.#vacant.pop() ?? this.#places.length;
    this.#places[number] = place;
    if (typeof place === "number") this.#words(place)[wordOf(place)] = number;
    else this.#bufferBytes += LargeCells.sizeBytes(length);
    this.#copy(number, cell);
    return number;
  }

  /** Copies the cell over the one of that number, which has `oldLength`, if it takes as much room. */
  overwrite(number: number, oldLength: number, cell: ByteRange): boolean {
    const length = cell.end - cell.start;
    const place = this.#places[number]!;
    if (typeof place === "number") {
      if (length > ARENA_CELL_BYTES_MAX || unitsFor(length) !== unitsFor(oldLength)) return false;
    } else {
      const buffer = place.buffer as ResizableBuffer;
      if (length <= ARENA_CELL_BYTES_MAX || length > buffer.maxByteLength) return false;
      buffer.resize(length);
      this.#bufferBytes += LargeCells.sizeBytes(length) - LargeCells.sizeBytes(oldLength);
    }
    this.#copy(number, cell);
    return true;
  }

  /** Points `into` at the cell of that number, which has `length`. */
  into(number: number, length: number, into: ByteRange): void {
    const place = this.#places[number]!;
    const isInArena = typeof place === "number";
    const start = isInArena ? (wordOf(place) << 2) + HEADER_BYTES : 0;
    into.bytes = isInArena ? this.#arena.bytes[place >>> REGION_SHIFT]! : place;
    into.start = start;
    into.end = start + length;
  }

  /** Requires: the cell of that number has `length`. */
  remove(number: number, length: number): void {
    const place = this.#places[number]!;
    this.#places[number] = 0;
    this.#vacant.push(number);
    if (typeof place === "number") this.#arena.free(place, unitsFor(length));
    else {
      this.#bufferBytes -= LargeCells.sizeBytes(length);
      (place.buffer as ResizableBuffer).resize(0);
    }
  }

  /** Gives freed memory back, a little at a time; see Compactor. */
  compactAfterWrite(): void {
    this.#compactor.stepAfterWrite();
  }

  compact(): boolean {
    return this.#compactor.step(COMPACTED_UNITS) || this.#arena.releaseSome();
  }

  clear(): void {
    for (const place of this.#places)
      if (typeof place !== "number") (place.buffer as ResizableBuffer).resize(0);
    this.#places.length = 0;
    this.#vacant.length = 0;
    this.#bufferBytes = 0;
    this.#arena.clear();
    this.#compactor.clear();
  }

  #allocate(units: number): number {
    this.#arena.assertRoom(units);
    const address = this.#arena.allocate(units);
    this.#words(address)[wordOf(address) + 1] = blockWord(KIND_CELL, units);
    return address;
  }

  #copy(number: number, cell: ByteRange): void {
    const place = this.#places[number]!;
    const isInArena = typeof place === "number";
    const bytes = isInArena ? this.#arena.bytes[place >>> REGION_SHIFT]! : place;
    const start = isInArena ? (wordOf(place) << 2) + HEADER_BYTES : 0;
    bytes.set(cell.bytes.subarray(cell.start, cell.end), start);
  }

  #onMoved(to: number): void {
    this.#places[this.#words(to)[wordOf(to)]!] = to;
  }

  #words(address: number): Int32Array {
    return this.#arena.words[address >>> REGION_SHIFT]!;
  }
}

function wordOf(address: number): number {
  return (address & REGION_MASK) << wordShift;
}

function unitsFor(cellLength: number): number {
  return Math.ceil((HEADER_BYTES + cellLength) / UNIT_BYTES);
}

function roundUp(size: number, step: number): number {
  return Math.ceil(size / step) * step;
}

/** Bytes of the wanted length, on a buffer that may change it. */
function allocateBuffer(sizeBytes: number): Uint8Array {
  const maxByteLength = roundUp(Math.ceil(sizeBytes * (1 + BUFFER_GROWTH)), SYSTEM_PAGE_BYTES);
  const Buffer = ArrayBuffer as unknown as new (
    size: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer;
  try {
    return new Uint8Array(new Buffer(sizeBytes, { maxByteLength }));
  } catch (cause) {
    throw new StoreError("OUT_OF_MEMORY", "not-applied", "the system has no memory left for the value", {
      cause,
    });
  }
}
