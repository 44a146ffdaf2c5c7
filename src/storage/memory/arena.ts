/**
 * Pages that are cut into blocks (see block.ts).
 *
 * A block comes from a hole of its size, else from the end of the one open page. Pages come from regions: after
 * a few small ones, which are kept, regions of 32 MiB. Those malloc always maps on their own, so a region whose
 * pages are all empty really goes back to the system.
 *
 * Invariant: the blocks of a page follow each other without a gap, from unit 1 to the page's end (or, in the open
 * page, to where it is open).
 */
import { assert } from "../../base/assert.ts";
import { StoreError } from "../../base/errors.ts";
import { KIND_HOLE, kindAt, PAGE_SHIFT, PAGE_UNITS, pageOf, UNIT_MASK, unitsAt } from "./block.ts";
import { Holes } from "./holes.ts";
import { releaseBuffer } from "./release-buffer.ts";

const FIRST_UNIT = 1;
const PAGE_COUNT_MAX = 1 << (32 - PAGE_SHIFT);
/** Kept for the index and the like, so that a change which has begun can be finished. */
const RESERVED_PAGES = 128;
const NONE = -1;

export interface ArenaShape {
  /** A unit has 2^wordShift words of 32 bits. */
  readonly wordShift: number;
  readonly regionPages: number;
  /** Pages of the regions that come before the first whole one. */
  readonly smallRegions: readonly number[];
}

/** Units of 8 bytes, pages of 1 MiB. */
export const SMALL_BLOCKS: ArenaShape = { wordShift: 1, regionPages: 32, smallRegions: [1, 1, 2, 4] };
/** Units of 128 bytes, pages of 16 MiB. */
export const LARGE_BLOCKS: ArenaShape = { wordShift: 5, regionPages: 2, smallRegions: [] };

/** Pages that are allocated, and given back, together. */
interface Region {
  readonly buffer: ArrayBuffer;
  readonly firstPage: number;
  readonly pageCount: number;
  /** Bit i: page firstPage + i holds no block. */
  freeMask: number;
  usedPages: number;
  /** Pages whose memory the system has really given. */
  touchedPages: number;
}

export class Arena {
  /** The pages, by number, as 32-bit words and as bytes. Read only at addresses that are allocated. */
  readonly words: Int32Array[] = [];
  readonly bytes: Uint8Array[] = [];
  readonly #shape: ArenaShape;
  readonly #unitBytes: number;
  readonly #regions: Region[] = [];
  readonly #regionOfPage: Region[] = [];
  readonly #liveUnitsOfPage: number[] = [];
  readonly #vacantPageRanges: number[] = [];
  readonly #holes: Holes;
  #liveUnits = 0;
  #usedPages = 0;
  #heldPages = 0;
  #openPage = NONE;
  #openUnit = PAGE_UNITS;
  #openPageIsFresh = false;
  #sealedPage = NONE;
  #drainedRegion: Region | undefined;

  constructor(shape: ArenaShape) {
    this.#shape = shape;
    this.#unitBytes = 4 << shape.wordShift;
    this.#holes = new Holes(this.words, shape.wordShift);
  }

  get shape(): ArenaShape {
    return this.#shape;
  }

  /** What the blocks in use take. */
  get liveBytes(): number {
    return this.#liveUnits * this.#unitBytes;
  }

  /** What the system has given: blocks, holes and empty pages. */
  get heldBytes(): number {
    const untouched = this.#openPageIsFresh ? PAGE_UNITS - this.#openUnit : 0;
    return (this.#heldPages * PAGE_UNITS - untouched) * this.#unitBytes;
  }

  /** What lies in holes. */
  get deadUnits(): number {
    return this.#usedPages * PAGE_UNITS - (PAGE_UNITS - this.#openUnit) - this.#liveUnits;
  }

  get liveUnits(): number {
    return this.#liveUnits;
  }

  /** Empty pages whose memory the system has given. */
  get emptyPages(): number {
    return this.#heldPages - this.#usedPages;
  }

  get usedPages(): number {
    return this.#usedPages;
  }

  /** Number of pages ever numbered: the limit of a walk over them. */
  get pageCount(): number {
    return this.words.length;
  }

  liveUnitsOf(page: number): number {
    return this.#liveUnitsOfPage[page]!;
  }

  /** Throws StoreError OUT_OF_MEMORY if addresses may run out (about 32 GiB) before `units` more are allocated. */
  assertRoom(units: number): void {
    if (this.#usedPages + units / PAGE_UNITS < PAGE_COUNT_MAX - RESERVED_PAGES) return;
    throw new StoreError("OUT_OF_MEMORY", "not-applied", "the memory engine has used all of its addresses");
  }

  /** Address of a new block of `units`; its words are whatever was there. Requires: units < PAGE_UNITS. */
  allocate(units: number): number {
    let address = this.#holes.take(units);
    if (address === 0) address = this.#takeFromOpenPage(units);
    this.#liveUnitsOfPage[address >>> PAGE_SHIFT]! += units;
    this.#liveUnits += units;
    return address;
  }

  free(address: number, units: number): void {
    const page = pageOf(address);
    const live = this.#liveUnitsOfPage[page]! - units;
    this.#liveUnitsOfPage[page] = live;
    this.#liveUnits -= units;
    if (page === this.#sealedPage) {
      this.words[page]![((address & UNIT_MASK) << this.#shape.wordShift) + 1] = units;
      return;
    }
    this.#holes.add(address, units);
    if (live > 0) return;
    if (page === this.#openPage) this.#closeOpenPage();
    else this.#retire(page);
  }

  /**
   * Calls `visit` for the blocks of a page in order, from unit `from` on, until it returns false.
   * Returns the unit to go on from, or 0 at the page's end. `visit` may free the block it is shown.
   */
  walk(page: number, from: number, visit: (address: number, units: number, kind: number) => boolean): number {
    const words = this.words[page]!;
    const end = page === this.#openPage ? this.#openUnit : PAGE_UNITS;
    let unit = Math.max(from, FIRST_UNIT);
    const { wordShift } = this.#shape;
    while (unit < end) {
      const units = unitsAt(words, unit << wordShift);
      const isWanted = visit((page << PAGE_SHIFT) | unit, units, kindAt(words, unit << wordShift));
      unit += units;
      if (!isWanted) break;
    }
    return unit < end ? unit : 0;
  }

  /** No block is given out of the page any more, until `unseal`. Requires: not the open page. */
  seal(page: number): void {
    assert(this.#sealedPage === NONE && page !== this.#openPage, "one page is sealed at a time");
    this.#forgetHoles(page);
    this.#sealedPage = page;
  }

  /** The end of `seal`. Requires: the page is empty. */
  unseal(): void {
    const page = this.#sealedPage;
    assert(this.#liveUnitsOfPage[page] === 0, "a sealed page is emptied first");
    this.#sealedPage = NONE;
    this.#vacate(page);
  }

  isOpen(page: number): boolean {
    return page === this.#openPage;
  }

  isUsed(page: number): boolean {
    const region = this.#regionOfPage[page];
    return region !== undefined && (region.freeMask & (1 << (page - region.firstPage))) === 0;
  }

  /**
   * A page to empty so that a region can be given back: of the region with the fewest pages in use; -1 if there is
   * none. Empty pages of that region are not opened again until a later call picks another.
   */
  pageToDrain(): number {
    let drained: Region | undefined;
    for (const region of this.#regions) {
      if (region.pageCount < this.#shape.regionPages || region.usedPages === 0) continue;
      if (drained === undefined || region.usedPages < drained.usedPages) drained = region;
    }
    this.#drainedRegion = drained;
    if (drained === undefined) return NONE;
    if (this.#regionOfPage[this.#openPage] === drained) this.#closeOpenPage();
    const used = drained.freeMask ^ maskOf(drained.pageCount);
    return used === 0 ? NONE : drained.firstPage + 31 - Math.clz32(used);
  }

  stopDraining(): void {
    this.#drainedRegion = undefined;
  }

  /** Frees every block and gives all memory back. */
  clear(): void {
    for (const region of this.#regions) releaseBuffer(region.buffer);
    for (const list of [this.#regions, this.#regionOfPage, this.#liveUnitsOfPage, this.#vacantPageRanges]) {
      list.length = 0;
    }
    this.words.length = 0;
    this.bytes.length = 0;
    this.#holes.clear();
    this.#liveUnits = 0;
    this.#usedPages = 0;
    this.#heldPages = 0;
    this.#openPage = NONE;
    this.#openUnit = PAGE_UNITS;
    this.#openPageIsFresh = false;
    this.#sealedPage = NONE;
    this.#drainedRegion = undefined;
  }

  #takeFromOpenPage(units: number): number {
    if (units > PAGE_UNITS - this.#openUnit) this.#openAnotherPage();
    const unit = this.#openUnit;
    this.#openUnit = unit + units;
    return (this.#openPage << PAGE_SHIFT) | unit;
  }

  #openAnotherPage(): void {
    this.#closeOpenPage();
    const region =
      this.#regions.find((one) => one.freeMask !== 0 && one !== this.#drainedRegion) ?? this.#addRegion();
    const bit = region.freeMask & -region.freeMask;
    const index = 31 - Math.clz32(bit);
    region.freeMask ^= bit;
    region.usedPages++;
    this.#usedPages++;
    this.#openPageIsFresh = index >= region.touchedPages;
    if (this.#openPageIsFresh) {
      this.#heldPages += index + 1 - region.touchedPages;
      region.touchedPages = index + 1;
    }
    this.#openPage = region.firstPage + index;
    this.#openUnit = FIRST_UNIT;
  }

  #closeOpenPage(): void {
    const page = this.#openPage;
    if (page === NONE) return;
    const rest = PAGE_UNITS - this.#openUnit;
    if (rest > 0) this.#holes.add((page << PAGE_SHIFT) | this.#openUnit, rest);
    this.#openPage = NONE;
    this.#openUnit = PAGE_UNITS;
    if (this.#liveUnitsOfPage[page] === 0) this.#retire(page);
  }

  /** Empties the lists of the page's holes, then lets go of the page. */
  #retire(page: number): void {
    this.#forgetHoles(page);
    this.#vacate(page);
  }

  #forgetHoles(page: number): void {
    this.walk(page, FIRST_UNIT, (address, units, kind) => {
      if (kind === KIND_HOLE) this.#holes.remove(address, units);
      return true;
    });
  }

  #vacate(page: number): void {
    const region = this.#regionOfPage[page]!;
    region.freeMask |= 1 << (page - region.firstPage);
    region.usedPages--;
    this.#usedPages--;
    if (region.usedPages === 0 && region.pageCount === this.#shape.regionPages) this.#releaseRegion(region);
  }

  #addRegion(): Region {
    const { regionPages, smallRegions } = this.#shape;
    const pageCount = smallRegions[this.#regions.length] ?? regionPages;
    const pageBytes = PAGE_UNITS * this.#unitBytes;
    const buffer = allocateBuffer(pageCount * pageBytes);
    const reused = pageCount === regionPages ? this.#vacantPageRanges.pop() : undefined;
    const firstPage = reused ?? this.words.length;
    const freeMask = maskOf(pageCount);
    const region = { buffer, firstPage, pageCount, freeMask, usedPages: 0, touchedPages: 0 };
    for (let i = 0; i < pageCount; i++) {
      this.words[firstPage + i] = new Int32Array(buffer, i * pageBytes, pageBytes / 4);
      this.bytes[firstPage + i] = new Uint8Array(buffer, i * pageBytes, pageBytes);
      this.#regionOfPage[firstPage + i] = region;
      this.#liveUnitsOfPage[firstPage + i] = 0;
    }
    this.#regions.push(region);
    return region;
  }

  #releaseRegion(region: Region): void {
    this.#heldPages -= region.touchedPages;
    this.#regions.splice(this.#regions.indexOf(region), 1);
    if (this.#drainedRegion === region) this.#drainedRegion = undefined;
    this.#vacantPageRanges.push(region.firstPage);
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
