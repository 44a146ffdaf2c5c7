/**
 * The memory of one engine: pages of 1 MiB that are cut into blocks (see block.ts).
 *
 * A block comes from a hole of its size, else from the end of the one open page. Pages come from regions: after
 * a few small ones, regions of 32 MiB, which malloc always maps on their own, so that a region whose pages are
 * all empty really goes back to the system.
 *
 * Invariant: the blocks of a page follow each other without a gap, from unit 1 to the page's end (or, in the open
 * page, to where it is open).
 */
import { assert } from "../../base/assert.ts";
import { StoreError } from "../../base/errors.ts";
import { KIND_HOLE, kindAt, PAGE_BYTES, PAGE_SHIFT, PAGE_UNITS, pageOf, unitsAt, wordOf } from "./block.ts";
import { Holes } from "./holes.ts";
import { releaseBuffer } from "./release-buffer.ts";

const FIRST_UNIT = 1;
const REGION_PAGES_MAX = 32;
const SMALL_REGIONS = [1, 1, 2, 4];
const PAGE_COUNT_MAX = 1 << (32 - PAGE_SHIFT);
/** Kept for the index and the like, so that a change which has begun can be finished. */
const RESERVED_PAGES = 128;
const NONE = -1;

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
  readonly #regions: Region[] = [];
  readonly #regionOfPage: Region[] = [];
  readonly #liveUnitsOfPage: number[] = [];
  readonly #vacantPageRanges: number[] = [];
  readonly #holes = new Holes(this.words);
  #liveUnits = 0;
  #usedPages = 0;
  #heldPages = 0;
  #openPage = NONE;
  #openUnit = PAGE_UNITS;
  #openPageIsFresh = false;
  #sealedPage = NONE;
  #drainedRegion: Region | undefined;

  /** What the blocks in use take. */
  get liveBytes(): number {
    return this.#liveUnits * 8;
  }

  /** What the system has given: blocks, holes and empty pages. */
  get heldBytes(): number {
    const untouched = this.#openPageIsFresh ? PAGE_UNITS - this.#openUnit : 0;
    return this.#heldPages * PAGE_BYTES - untouched * 8;
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
      this.words[page]![wordOf(address) + 1] = units;
      return;
    }
    this.#holes.add(address, units);
    if (live === 0 && page !== this.#openPage) this.#retire(page);
  }

  /**
   * Calls `visit` for the blocks of a page in order, from unit `from` on, until it returns false.
   * Returns the unit to go on from, or 0 at the page's end. `visit` may free the block it is shown.
   */
  walk(page: number, from: number, visit: (address: number, units: number, kind: number) => boolean): number {
    const words = this.words[page]!;
    const end = page === this.#openPage ? this.#openUnit : PAGE_UNITS;
    let unit = Math.max(from, FIRST_UNIT);
    while (unit < end) {
      const units = unitsAt(words, unit << 1);
      const isWanted = visit((page << PAGE_SHIFT) | unit, units, kindAt(words, unit << 1));
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
      if (region.pageCount < REGION_PAGES_MAX) continue;
      if (drained === undefined || region.usedPages < drained.usedPages) drained = region;
    }
    this.#drainedRegion = drained;
    if (drained === undefined) return NONE;
    for (let i = 0; i < drained.pageCount; i++) {
      const page = drained.firstPage + i;
      if (this.isUsed(page) && page !== this.#openPage) return page;
    }
    return NONE;
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
    if (region.usedPages > 0 || region.pageCount < REGION_PAGES_MAX) return;
    // One page in hand spares taking a region back at once.
    if (this.emptyPages - region.touchedPages > 0) this.#releaseRegion(region);
  }

  #addRegion(): Region {
    const pageCount = SMALL_REGIONS[this.#regions.length] ?? REGION_PAGES_MAX;
    const buffer = allocateBuffer(pageCount * PAGE_BYTES);
    const reused = pageCount === REGION_PAGES_MAX ? this.#vacantPageRanges.pop() : undefined;
    const firstPage = reused ?? this.words.length;
    const freeMask = pageCount === REGION_PAGES_MAX ? -1 : (1 << pageCount) - 1;
    const region = { buffer, firstPage, pageCount, freeMask, usedPages: 0, touchedPages: 0 };
    for (let i = 0; i < pageCount; i++) {
      this.words[firstPage + i] = new Int32Array(buffer, i * PAGE_BYTES, PAGE_BYTES / 4);
      this.bytes[firstPage + i] = new Uint8Array(buffer, i * PAGE_BYTES, PAGE_BYTES);
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

function allocateBuffer(sizeBytes: number): ArrayBuffer {
  try {
    return new ArrayBuffer(sizeBytes);
  } catch (cause) {
    throw new StoreError("OUT_OF_MEMORY", "not-applied", "the system has no memory left", { cause });
  }
}
