/**
 * Memory cut into blocks (see block.ts). A block comes from a hole of its size, else from the end of the one open
 * page.
 *
 * Invariant: the blocks of a page follow each other without a gap, from unit 1 to the page's end (or, in the open
 * page, to where it is open).
 */
import { assert } from "../../base/assert.ts";
import { StoreError } from "../../base/errors.ts";
import {
  KIND_HOLE,
  kindAt,
  PAGE_SHIFT,
  PAGE_UNITS,
  pageOf,
  REGION_MASK,
  REGION_SHIFT,
  unitsAt,
} from "./block.ts";
import { Holes } from "./holes.ts";
import { type ArenaShape, Regions } from "./regions.ts";

const FIRST_UNIT = 1;
const PAGE_COUNT_MAX = 1 << (32 - PAGE_SHIFT);
/** Kept for the index and the like, so that a change which has begun can be finished. */
const RESERVED_PAGES = 128;
const NONE = -1;

export class Arena {
  readonly shape: ArenaShape;
  /** All memory, by region (see REGION_SHIFT), as 32-bit words and as bytes. */
  readonly words: readonly Int32Array[];
  readonly bytes: readonly Uint8Array[];
  readonly #regions: Regions;
  readonly #holes: Holes;
  readonly #liveUnitsOfPage: number[] = [];
  #liveUnits = 0;
  #openPage = NONE;
  #openUnit = PAGE_UNITS;
  #isOpenPageFresh = false;
  #sealedPage = NONE;

  constructor(shape: ArenaShape) {
    this.shape = shape;
    this.#regions = new Regions(shape);
    this.words = this.#regions.words;
    this.bytes = this.#regions.bytes;
    this.#holes = new Holes(this.words, shape.wordShift);
  }

  /** What blocks take. */
  get liveUnits(): number {
    return this.#liveUnits;
  }

  get liveBytes(): number {
    return this.#liveUnits * this.#unitBytes;
  }

  /** What lies in holes. */
  get deadUnits(): number {
    return this.#regions.usedPages * PAGE_UNITS - (PAGE_UNITS - this.#openUnit) - this.#liveUnits;
  }

  /** What the system has given: blocks, holes and empty pages. */
  get heldBytes(): number {
    const untouched = this.#isOpenPageFresh ? PAGE_UNITS - this.#openUnit : 0;
    return (this.#regions.heldPages * PAGE_UNITS - untouched) * this.#unitBytes;
  }

  get usedPages(): number {
    return this.#regions.usedPages;
  }

  /** Pages without a block whose memory the system has given. */
  get emptyPages(): number {
    return this.#regions.emptyPages;
  }

  /** Throws StoreError OUT_OF_MEMORY if addresses may run out before `units` more are allocated. */
  assertRoom(units: number): void {
    if (this.#regions.usedPages + units / PAGE_UNITS < PAGE_COUNT_MAX - RESERVED_PAGES) return;
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

  /** The memory may go back to the system at once. */
  free(address: number, units: number): void {
    const page = pageOf(address);
    const live = this.#liveUnitsOfPage[page]! - units;
    this.#liveUnitsOfPage[page] = live;
    this.#liveUnits -= units;
    if (page === this.#sealedPage) {
      this.#holes.mark(address, units);
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
    const pageAddress = page << PAGE_SHIFT;
    const words = this.words[pageAddress >>> REGION_SHIFT]!;
    const start = (pageAddress & REGION_MASK) << this.shape.wordShift;
    const end = page === this.#openPage ? this.#openUnit : PAGE_UNITS;
    let unit = Math.max(from, FIRST_UNIT);
    while (unit < end) {
      const at = start + (unit << this.shape.wordShift);
      const units = unitsAt(words, at);
      const isToGoOn = visit(pageAddress | unit, units, kindAt(words, at));
      unit += units;
      if (!isToGoOn) break;
    }
    return unit < end ? unit : 0;
  }

  /** The page in use with the fewest live units, if it has fewer than `unitsMax`; else -1. Not the open page. */
  emptiestPage(unitsMax: number): number {
    let emptiest = NONE;
    let least = unitsMax;
    for (let page = 0; page < this.#regions.pageNumberMax; page++) {
      const live = this.#liveUnitsOfPage[page] ?? PAGE_UNITS;
      if (live >= least || page === this.#openPage || !this.#regions.isUsed(page)) continue;
      least = live;
      emptiest = page;
    }
    return emptiest;
  }

  /** A page to empty so that a region can be given back, or -1. Its region gives out no page any more. */
  pageToDrain(): number {
    const page = this.#regions.pageToDrain();
    if (page !== NONE && page === this.#openPage) this.#closeOpenPage();
    return page !== NONE && this.#regions.isUsed(page) ? page : NONE;
  }

  /** Every region may give out pages again. */
  stopDraining(): void {
    this.#regions.stopDraining();
  }

  /** No block is given out of the page any more, until `unseal`. Requires: not the open page. */
  seal(page: number): void {
    assert(
      this.#sealedPage === NONE && page !== this.#openPage,
      "one page is sealed at a time, not the open one",
    );
    this.#forgetHoles(page);
    this.#sealedPage = page;
  }

  /** The end of `seal`. Requires: the page is empty. */
  unseal(): void {
    const page = this.#sealedPage;
    assert(this.#liveUnitsOfPage[page] === 0, "a sealed page is emptied first");
    this.#sealedPage = NONE;
    this.#regions.vacate(page);
  }

  /** Gives a little more of the memory back that `clear` did not; false if there is none. */
  releaseSome(): boolean {
    return this.#regions.releaseOne();
  }

  /** Frees every block and gives memory back: what is much at once, by `releaseSome`. */
  clear(): void {
    this.#regions.clear();
    this.#holes.clear();
    this.#liveUnitsOfPage.length = 0;
    this.#liveUnits = 0;
    this.#openPage = NONE;
    this.#openUnit = PAGE_UNITS;
    this.#isOpenPageFresh = false;
    this.#sealedPage = NONE;
  }

  get #unitBytes(): number {
    return 4 << this.shape.wordShift;
  }

  #takeFromOpenPage(units: number): number {
    if (units > PAGE_UNITS - this.#openUnit) {
      this.#closeOpenPage();
      this.#openAnotherPage();
    }
    const unit = this.#openUnit;
    this.#openUnit = unit + units;
    return (this.#openPage << PAGE_SHIFT) | unit;
  }

  #openAnotherPage(): void {
    const { page, isTouched } = this.#regions.takePage();
    while (this.#liveUnitsOfPage.length <= page) this.#liveUnitsOfPage.push(0);
    this.#isOpenPageFresh = !isTouched;
    this.#openPage = page;
    this.#openUnit = FIRST_UNIT;
  }

  #closeOpenPage(): void {
    const page = this.#openPage;
    if (page === NONE) return;
    const rest = PAGE_UNITS - this.#openUnit;
    if (rest > 0) this.#holes.add((page << PAGE_SHIFT) | this.#openUnit, rest);
    this.#openPage = NONE;
    this.#openUnit = PAGE_UNITS;
    this.#isOpenPageFresh = false;
    if (this.#liveUnitsOfPage[page] === 0) this.#retire(page);
  }

  /** Lets go of an empty page. */
  #retire(page: number): void {
    this.#forgetHoles(page);
    this.#regions.vacate(page);
  }

  #forgetHoles(page: number): void {
    this.walk(page, FIRST_UNIT, (address, units, kind) => {
      if (kind === KIND_HOLE) this.#holes.remove(address, units);
      return true;
    });
  }
}
