/**
 * Rows are what was put last, wherever they are, and Merkle sums are those of a full scan: while first words get annexes and lose
 * them, rows are carried, evicted, flushed and merged down, and writers take their time between reading a row and
 * putting it. Some reads take longer than it takes to carry everything.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { withSlowReads } from "../../../test/support/slow-reads.ts";
import type { ByteRange } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { openSmallEngine, simpleTraits } from "../lsm/engine/small-engine.oracle.ts";
import { MerkleSummary } from "../lsm/table/merkle-summary.ts";
import { seededRandom } from "../memory/memory-engine.contract.ts";
import { simpleCell, simpleKey, simpleRules } from "../simple-engine.oracle.ts";
import { DividedEngine } from "./divided-engine.ts";

const WRITERS = 4;
const TINY = {
  segmentBytes: 4096,
  tableBytes: 2048,
  picker: { level0Count: 2, level1Bytes: 4096, levelRatio: 2, level0BytesMax: 2 ** 15 },
} as const;
const NOTHING = simpleCell("", 1).bytes;
const WORDS = ["a", "b", "none"];
/** Room for a few rows. */
const TIGHT = { memoryBytesMax: 16_384, evictionPolicy: "allkeys-random" } as const;
const ROOMY = { memoryBytesMax: 0, evictionPolicy: "noeviction" } as const;

const anyStep = fc.record({
  kind: fc.oneof(
    { weight: 60, arbitrary: fc.constant("put" as const) },
    { weight: 15, arbitrary: fc.constant("merge" as const) },
    { weight: 10, arbitrary: fc.constant("delete" as const) },
    { weight: 8, arbitrary: fc.constant("arrange" as const) },
    { weight: 10, arbitrary: fc.constant("scan" as const) },
  ),
  word: fc.nat({ max: WORDS.length - 1 }),
  key: fc.nat({ max: 3 }),
  size: fc.nat({ max: 900 }),
  pauseMs: fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 400 })),
  arranged: fc.subarray(["a", "b"]),
});
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

class Users {
  readonly #clock: Runtime["clock"];
  readonly #engine: DividedEngine;
  readonly #evicts: boolean;
  readonly #inUse = new Set<number>();
  /** By key, the cell it must have, or undefined if it must have none. */
  readonly #known = new Map<string, Uint8Array | undefined>();
  #isOver = false;
  #stepCount = 0;

  constructor(clock: Runtime["clock"], engine: DividedEngine, evicts: boolean) {
    this.#clock = clock;
    this.#engine = engine;
    this.#evicts = evicts;
    engine.isInUse = (hash) => this.#inUse.has(hash);
  }

  async run(steps: readonly Step[]): Promise<void> {
    const write = async (writer: number): Promise<void> => {
      for (const [i, step] of steps.entries()) if (i % WRITERS === writer) await this.#take(step, writer);
    };
    const carrying = this.#carry();
    await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
    this.#isOver = true;
    await carrying;
    this.#engine.isInUse = undefined;
    while (this.#engine.isCarrying) await this.#engine.carry(20);
    await this.#check();
    for (const key of this.#known.keys()) await this.#read(key);
  }

  async #carry(): Promise<void> {
    while (!this.#isOver) {
      if (this.#engine.isCarrying) await this.#engine.carry(2);
      await this.#clock.sleep(7);
    }
  }

  async #take({ kind, word, key, size, pauseMs, arranged }: Step, writer: number): Promise<void> {
    const limits = this.#evicts ? TIGHT : ROOMY;
    this.#stepCount++;
    if (kind === "arrange") {
      this.#engine.arrange(
        arranged.map((name) => ({ name, ...limits })),
        () => false,
      );
    } else if (kind === "scan") await this.#check();
    else await this.#write(`${WORDS[word]}:${key * WRITERS + writer}`, kind, size, pauseMs);
    await this.#clock.sleep(pauseMs / 10);
  }

  async #write(key: string, kind: "put" | "merge" | "delete", size: number, pauseMs: number): Promise<void> {
    const rowKey = simpleKey(key);
    const text = `${this.#stepCount}`.padStart(6, "0"); // so that what is merged later wins
    const cell = kind === "delete" ? simpleCell("", 1) : simpleCell(text.padEnd(text.length + size));
    this.#inUse.add(rowKey.hash);
    const present = await this.#read(key);
    await this.#clock.sleep(pauseMs);
    const superseded = present && { bytes: present, start: 0, end: present.length };
    this.#known.delete(key);
    try {
      await (kind === "merge"
        ? this.#engine.merge(rowKey, cell)
        : this.#engine.put(rowKey, cell, superseded));
      this.#known.set(key, kind === "delete" ? undefined : cell.bytes);
    } catch (cause) {
      if (!(cause instanceof StoreError && cause.code === "OUT_OF_MEMORY")) throw cause;
      this.#known.set(key, present); // all that could have gone are in use
    }
    this.#inUse.delete(rowKey.hash);
    await this.#engine.durable();
  }

  async #read(key: string): Promise<Uint8Array | undefined> {
    const range: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };
    const isThere = await this.#engine.get(simpleKey(key), range);
    const cell = isThere ? range.bytes.slice(range.start, range.end) : undefined;
    if (this.#known.has(key) && !(this.#evicts && cell === undefined))
      expect(cell).toEqual(this.#known.get(key));
    return cell;
  }

  /** Nothing is written while a scan of these few rows has all of them in memory; else there is nothing to compare. */
  async #check(): Promise<void> {
    const { main } = this.#engine;
    const told = main.merkleSummary!(0, 16_384);
    const rows = main.scan(new Uint8Array(0), undefined);
    const summary = new MerkleSummary();
    while (await rows.next()) summary.addRow(rows.key, rows.cell, simpleTraits);
    expect(summary.equals(told)).toBe(true);
  }
}

test.each([false, true])(
  "rows are what was put last, and the main engine's sums are exact (evicting: %s)",
  async (evicts) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyStep, { minLength: 60, size: "max", maxLength: 160 }),
        fc.constantFrom(0, 2 ** 16),
        async (steps, cacheBytes) => {
          const world = new SimWorld(1);
          const runtime = withSlowReads(world.runtime("a"));
          const live = async (): Promise<void> => {
            const main = await openSmallEngine(runtime, "/data", { ...TINY, fsync: "no", cacheBytes });
            const engine = new DividedEngine({
              main,
              ...{ rules: simpleRules, traits: simpleTraits, nothing: NOTHING, hashSeed: 1 },
              ...{ random: seededRandom(2), clock: runtime.clock },
            });
            await new Users(runtime.clock, engine, evicts).run(steps);
            await engine.close();
          };
          await world.runUntil(live());
        },
      ),
      { numRuns: 15 },
    );
  },
  120_000,
);
