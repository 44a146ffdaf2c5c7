import fc from "fast-check";
import { expect, test } from "vitest";
import { Arena } from "./arena.ts";
import {
  blockWord,
  KIND_EXPIRY,
  KIND_HOLE,
  PAGE_UNITS,
  pageOf,
  REGION_MASK,
  REGION_SHIFT,
  unitsAt,
} from "./block.ts";
import { type ArenaShape, LARGE_BLOCKS, SMALL_BLOCKS } from "./regions.ts";

/** The only page of the second region. */
const SECOND_PAGE = 32;

interface Block {
  readonly address: number;
  readonly units: number;
  readonly mark: number;
}

/** An arena with the blocks that should be in it; each is filled with a mark of its own. */
class MarkedArena {
  readonly arena: Arena;
  readonly blocks: Block[] = [];
  #nextMark = 1;

  constructor(shape: ArenaShape = SMALL_BLOCKS) {
    this.arena = new Arena(shape);
  }

  allocate(units: number): Block {
    const block = { address: this.arena.allocate(units), units, mark: this.#nextMark++ };
    const [words, at] = this.#placeOf(block);
    words.fill(block.mark, at, at + (units << this.arena.shape.wordShift));
    words[at + 1] = blockWord(KIND_EXPIRY, units);
    this.blocks.push(block);
    return block;
  }

  free(index: number): void {
    const block = this.blocks[index]!;
    this.blocks[index] = this.blocks.at(-1)!;
    this.blocks.pop();
    this.arena.free(block.address, block.units);
  }

  /** Frees every block on the page the blocks of which `isWanted`. */
  freeWhere(isWanted: (block: Block) => boolean): void {
    for (let i = this.blocks.length - 1; i >= 0; i--) if (isWanted(this.blocks[i]!)) this.free(i);
  }

  check(): void {
    const spoilt = this.blocks.filter((block) => {
      const [words, at] = this.#placeOf(block);
      const last = at + (block.units << this.arena.shape.wordShift) - 1;
      const isMarked = words[at] === block.mark && (last === at + 1 || words[last] === block.mark);
      return !isMarked || unitsAt(words, at) !== block.units;
    });
    expect(spoilt).toEqual([]);
    const live = this.blocks.reduce((sum, { units }) => sum + units, 0);
    expect(this.arena.liveUnits).toBe(live);
    const walked = this.#walk();
    expect(walked.live).toBe(live);
    const emptyOpenPages = this.arena.usedPages - walked.pages;
    expect(emptyOpenPages).toBeLessThanOrEqual(1);
    expect(walked.holes + this.arena.usedPages).toBe(this.arena.deadUnits); // unit 0 of each page is never used
  }

  #walk(): { pages: number; live: number; holes: number } {
    const total = { pages: 0, live: 0, holes: 0 };
    const pages = new Set(this.blocks.map(({ address }) => pageOf(address)));
    for (const page of pages) {
      total.pages++;
      this.arena.walk(page, 0, (_address, units, kind) => {
        if (kind === KIND_HOLE) total.holes += units;
        else total.live += units;
        return true;
      });
    }
    return total;
  }

  #placeOf({ address }: Block): [Int32Array, number] {
    return [
      this.arena.words[address >>> REGION_SHIFT]!,
      (address & REGION_MASK) << this.arena.shape.wordShift,
    ];
  }
}

test("blocks never overlap, and pages are blocks and holes without a gap", () => {
  const anySize = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 20_000 }));
  const anyStep = fc.oneof(
    { weight: 3, arbitrary: anySize.map((units) => ({ units })) },
    { weight: 2, arbitrary: fc.nat().map((index) => ({ index })) },
  );
  fc.assert(
    fc.property(
      fc.constantFrom(SMALL_BLOCKS, LARGE_BLOCKS),
      fc.array(anyStep, { maxLength: 300 }),
      (shape, steps) => {
        const marked = new MarkedArena(shape);
        for (const step of steps) {
          if ("units" in step) marked.allocate(step.units);
          else if (marked.blocks.length > 0) marked.free(step.index % marked.blocks.length);
        }
        marked.check();
      },
    ),
    { numRuns: 50 },
  );
});

test("what is freed is given out again before a page is opened", () => {
  const marked = new MarkedArena();
  for (let i = 0; i < 5000; i++) marked.allocate(5 + (i % 40));
  const { usedPages } = marked.arena;
  for (let round = 0; round < 20; round++) {
    marked.freeWhere(({ mark }) => mark % 3 === round % 3);
    while (marked.blocks.length < 5000) marked.allocate(5 + (marked.blocks.length % 40));
  }
  marked.check();
  expect(marked.arena.usedPages).toBeLessThanOrEqual(usedPages + 1);
});

test("a sealed page gets no block, and is empty and reusable at the end", () => {
  const marked = new MarkedArena();
  for (let i = 0; i < 20_000; i++) marked.allocate(20);
  marked.freeWhere(({ address, mark }) => pageOf(address) === SECOND_PAGE && mark % 2 === 0);
  marked.arena.seal(SECOND_PAGE);
  const given = Array.from({ length: 10_000 }, () => pageOf(marked.allocate(20).address));
  expect(given).not.toContain(SECOND_PAGE);
  marked.freeWhere(({ address }) => pageOf(address) === SECOND_PAGE);
  const before = marked.arena.usedPages;
  marked.arena.unseal();
  expect(marked.arena.usedPages).toBe(before - 1);
  marked.check();
  for (let i = 0; i < 10_000; i++) marked.allocate(20);
  expect(marked.blocks.some(({ address }) => pageOf(address) === SECOND_PAGE)).toBe(true);
  marked.check();
});

test("a region is given back when its last page is empty", () => {
  const marked = new MarkedArena();
  const isWhole = ({ address }: Block): boolean => address >>> REGION_SHIFT >= 4; // after the small ones
  while (marked.arena.usedPages < 60) marked.allocate(1000);
  expect(marked.arena.heldBytes).toBeGreaterThan(59 * 2 ** 20);
  const buffers = new Set(marked.arena.words.slice(4).map(({ buffer }) => buffer));
  expect(buffers.size).toBe(2);
  marked.freeWhere(isWhole);
  expect(marked.arena.heldBytes).toBeLessThan(9 * 2 ** 20);
  for (const buffer of buffers) expect(buffer.byteLength).toBe(0); // detached: its memory is gone
  while (marked.arena.usedPages < 60) marked.allocate(1000);
  marked.check();
});

test("memory that was never written is not counted as held", () => {
  const arena = new Arena(SMALL_BLOCKS);
  arena.allocate(100);
  expect(arena.heldBytes).toBeLessThan(1000);
  arena.allocate(PAGE_UNITS / 2);
  expect(arena.heldBytes).toBeLessThan(2 ** 20);
  expect(arena.liveBytes).toBe(800 + 2 ** 19);
});

test("clear gives everything back, much of it at once and the rest step by step", () => {
  const marked = new MarkedArena();
  while (marked.arena.usedPages < 400) marked.allocate(100_000);
  const { words } = marked.arena;
  const buffers = words.map(({ buffer }) => buffer);
  const heldRegions = (): number => buffers.filter(({ byteLength }) => byteLength > 0).length;
  marked.arena.clear();
  marked.blocks.length = 0;
  expect(marked.arena.liveBytes).toBe(0);
  expect([buffers.length, heldRegions()]).toEqual([17, 5]);
  expect(marked.arena.heldBytes).toBeGreaterThan(4 * 32 * 2 ** 20);
  while (marked.arena.usedPages < 20) marked.allocate(1000);
  expect(buffers).toContain(words[4]!.buffer); // rather than a new one
  expect(marked.arena.releaseSome()).toBe(true);
  while (marked.arena.releaseSome());
  expect(heldRegions()).toBe(1);
  expect(marked.arena.heldBytes).toBeLessThanOrEqual((8 + 32) * 2 ** 20);
  marked.check();
});
