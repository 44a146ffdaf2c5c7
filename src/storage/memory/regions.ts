/**
 * The memory of an arena, as it comes from the system and goes back: regions of pages.
 *
 * After a few small regions, which are kept, each has 32 MiB. So long a buffer malloc always maps on its own: when
 * all its pages are empty, the whole really goes back. Pages are taken from the front, so that regions at the back
 * become empty.
 */
import { StoreError } from "../../base/errors.ts";
import { PAGE_UNITS, REGION_PAGES_SHIFT } from "./block.ts";
import { releaseBuffer } from "./release-buffer.ts";

const PAGE_IN_REGION_MASK = (1 << REGION_PAGES_SHIFT) - 1;
const NONE = -1;
/** More would take the system too long: it needs some milliseconds for each. */
const REGIONS_CLEARED_AT_ONCE = 8;

export interface ArenaShape {
  /** A unit has 2^wordShift words of 32 bits. */
  readonly wordShift: number;
  /** Pages of a whole region. */
  readonly regionPages: number;
  /** Pages of the regions before the first whole one. */
  readonly smallRegions: readonly number[];
}

/** Units of 8 bytes, pages of 1 MiB. */
export const SMALL_BLOCKS: ArenaShape = { wordShift: 1, regionPages: 32, smallRegions: [1, 1, 2, 4] };
/** Units of 128 bytes, pages of 16 MiB. */
export const LARGE_BLOCKS: ArenaShape = { wordShift: 5, regionPages: 2, smallRegions: [] };

/** Pages that come and go together. */
interface Region {
  readonly number: number;
  readonly buffer: ArrayBuffer;
  readonly pageCount: number;
  /** Bit i: page i of the region is empty. */
  emptyMask: number;
  usedPages: number;
  /** Pages, from the first on, whose memory the system has really given. */
  touchedPages: number;
}

export class Regions {
  /** By number of the region: all its bytes, and the same as words. */
  readonly words: Int32Array[] = [];
  readonly bytes: Uint8Array[] = [];
  readonly #shape: ArenaShape;
  readonly #byNumber: (Region | undefined)[] = [];
  #usedPages = 0;
  #heldPages = 0;
  #drained: Region | undefined;
  /** Cleared, but not given back yet. */
  #leaving: Region[] = [];

  constructor(shape: ArenaShape) {
    this.#shape = shape;
  }

  get usedPages(): number {
    return this.#usedPages;
  }

  /** Pages that the system has given and not got back. */
  get heldPages(): number {
    return this.#heldPages + this.#leaving.reduce((sum, { touchedPages }) => sum + touchedPages, 0);
  }

  get emptyPages(): number {
    return this.#heldPages - this.#usedPages;
  }

  /** Every page has a number below this. */
  get pageNumberMax(): number {
    return this.#byNumber.length << REGION_PAGES_SHIFT;
  }

  /** Number of an empty page, which is then in use. Throws StoreError OUT_OF_MEMORY. */
  takePage(): { page: number; isTouched: boolean } {
    const isFit = (region: Region | undefined): boolean =>
      (region?.emptyMask ?? 0) !== 0 && region !== this.#drained;
    const region = this.#byNumber.find(isFit) ?? this.#addRegion();
    const index = 31 - Math.clz32(region.emptyMask & -region.emptyMask);
    region.emptyMask ^= 1 << index;
    region.usedPages++;
    this.#usedPages++;
    const isTouched = index < region.touchedPages;
    if (!isTouched) {
      region.touchedPages++;
      this.#heldPages++;
    }
    return { page: (region.number << REGION_PAGES_SHIFT) | index, isTouched };
  }

  isUsed(page: number): boolean {
    const region = this.#regionOf(page);
    if (region === undefined || (page & PAGE_IN_REGION_MASK) >= region.pageCount) return false;
    return (region.emptyMask & (1 << (page & PAGE_IN_REGION_MASK))) === 0;
  }

  /** The page is empty. Its region goes if all its pages are. */
  vacate(page: number): void {
    const region = this.#regionOf(page)!;
    region.emptyMask |= 1 << (page & PAGE_IN_REGION_MASK);
    region.usedPages--;
    this.#usedPages--;
    if (region.usedPages === 0 && region.pageCount === this.#shape.regionPages) this.#release(region);
  }

  /**
   * A page in use of the region with the fewest of them, which could go if they were empty; -1 if there is none.
   * No page is taken from that region until another is chosen or `stopDraining`.
   */
  pageToDrain(): number {
    let drained: Region | undefined;
    for (const region of this.#byNumber) {
      if (region === undefined || region.pageCount < this.#shape.regionPages) continue;
      if (drained === undefined || region.usedPages <= drained.usedPages) drained = region;
    }
    this.#drained = drained;
    if (drained === undefined) return NONE;
    const used = drained.emptyMask ^ maskOf(drained.pageCount);
    return (drained.number << REGION_PAGES_SHIFT) | (31 - Math.clz32(used));
  }

  stopDraining(): void {
    this.#drained = undefined;
  }

  /** Forgets everything, and gives it back: what is much at once, by `releaseOne`. */
  clear(): void {
    for (const region of this.#byNumber) {
      if (region?.pageCount === this.#shape.regionPages) this.#leaving.push(region);
      else if (region !== undefined) releaseBuffer(region.buffer);
    }
    for (let count = 0; count < REGIONS_CLEARED_AT_ONCE && this.releaseOne(); ) count++;
    this.#byNumber.length = 0;
    this.words.length = 0;
    this.bytes.length = 0;
    this.#usedPages = 0;
    this.#heldPages = 0;
    this.#drained = undefined;
  }

  /** Gives back one region that was cleared; false if there is none. */
  releaseOne(): boolean {
    const region = this.#leaving.pop();
    if (region === undefined) return false;
    releaseBuffer(region.buffer);
    return true;
  }

  #regionOf(page: number): Region | undefined {
    return this.#byNumber[page >>> REGION_PAGES_SHIFT];
  }

  #addRegion(): Region {
    const { regionPages, smallRegions, wordShift } = this.#shape;
    const vacant = this.#byNumber.indexOf(undefined);
    const number = vacant === NONE ? this.#byNumber.length : vacant;
    const pageCount = smallRegions[number] ?? regionPages;
    const old = pageCount === regionPages ? this.#leaving.pop() : undefined;
    const touchedPages = old?.touchedPages ?? 0;
    const buffer = old?.buffer ?? allocateBuffer(pageCount * PAGE_UNITS * (4 << wordShift));
    const region = { number, buffer, pageCount, emptyMask: maskOf(pageCount), usedPages: 0, touchedPages };
    this.#heldPages += touchedPages;
    this.#byNumber[number] = region;
    this.words[number] = new Int32Array(buffer);
    this.bytes[number] = new Uint8Array(buffer);
    return region;
  }

  #release(region: Region): void {
    this.#heldPages -= region.touchedPages;
    this.#byNumber[region.number] = undefined;
    if (this.#drained === region) this.#drained = undefined;
    releaseBuffer(region.buffer);
  }
}

function maskOf(pageCount: number): number {
  return pageCount === 32 ? -1 : (1 << pageCount) - 1;
}

function allocateBuffer(sizeBytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(sizeBytes);
  } catch (cause) {
    throw new StoreError("OUT_OF_MEMORY", "not-applied", "the system has no memory left", { cause });
  }
}
