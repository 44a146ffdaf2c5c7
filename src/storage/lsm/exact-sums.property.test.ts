/**
 * Merkle sums and counts are those of a full scan, at every moment: whatever is put, merged, swept, cleared, flushed
 * and merged down at one time, and after every crash and start; and rows are what was put last. Writers take their time
 * between reading a row and putting it, and some reads take longer than it takes to flush a memtable.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { withSlowReads } from "../../../test/support/slow-reads.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { simpleCell, simpleKey } from "../simple-engine.oracle.ts";
import { NEVER_EXPIRES } from "../storage-engine.ts";
import { expectExact, openSmallEngine } from "./engine/small-engine.oracle.ts";
import type { LsmEngine } from "./lsm-engine.ts";

const WRITERS = 5;
/** So that rows get through several levels, and memtables into tables while somebody reads. */
const TINY = {
  segmentBytes: 4096,
  tableBytes: 2048,
  picker: { level0Count: 2, level1Bytes: 4096, levelRatio: 2, level0BytesMax: 2 ** 15 },
} as const;

const anyKind = fc.oneof(
  { weight: 60, arbitrary: fc.constant("put" as const) },
  { weight: 15, arbitrary: fc.constant("merge" as const) },
  { weight: 5, arbitrary: fc.constant("delete" as const) },
  { weight: 15, arbitrary: fc.constant("sweep" as const) },
  { weight: 20, arbitrary: fc.constant("meet" as const) },
  { weight: 2, arbitrary: fc.constant("clear" as const) },
  { weight: 3, arbitrary: fc.constant("clear database" as const) },
);
const anyStep = fc.record({
  kind: anyKind,
  key: fc.nat({ max: 3 }),
  database: fc.nat({ max: 1 }),
  size: fc.nat({ max: 900 }),
  ttlMs: fc.option(fc.integer({ min: 1, max: 60 }), { freq: 2, nil: undefined }),
  /** Between reading the row and putting it. */
  pauseMs: fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 400 })),
});
const anyLife = fc.record({
  steps: fc.array(anyStep, { minLength: 50, size: "max", maxLength: 200 }),
  crashAtStep: fc.oneof(
    { weight: 3, arbitrary: fc.nat({ max: 900 }) },
    fc.constant(Number.POSITIVE_INFINITY),
  ),
  fsync: fc.constantFrom("always", "everysec", "no"),
  cacheBytes: fc.constantFrom(0, 2 ** 16, 2 ** 19), // the last one keeps three memtables that are in tables
});
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;
type Life = typeof anyLife extends fc.Arbitrary<infer T> ? T : never;

/** What uses the engine as a node does: one writer of a row at a time, who looks again after a clear. */
class Users {
  readonly #world: SimWorld;
  readonly #engine: LsmEngine;
  readonly #inUse = new Map<number, number>();
  readonly #underWay: Promise<unknown>[] = [];
  /** By row, what it must be: a cell that does not expire, or undefined if there must be none. Others are not known. */
  readonly #known = new Map<string, Uint8Array | undefined>();
  /** Of everything, and of any kind. */
  #wholeClearCount = 0;
  #clearCount = 0;
  #clearsUnderWay = 0;
  #stepCount = 0;

  constructor(world: SimWorld, engine: LsmEngine) {
    this.#world = world;
    this.#engine = engine;
    engine.isInUse = (hash) => this.#inUse.has(hash);
  }

  async run(steps: readonly Step[]): Promise<void> {
    const writer = async (number: number): Promise<void> => {
      for (const [i, step] of steps.entries()) if (i % WRITERS === number) await this.#take(step, number);
    };
    await Promise.all(Array.from({ length: WRITERS }, (_, number) => writer(number)));
    await Promise.all(this.#underWay);
    await expectExact(this.#engine);
    for (const row of this.#known.keys()) await this.#read(row);
  }

  /** The row's cell, if it is there. */
  async #read(row: string): Promise<Uint8Array | undefined> {
    const [database, key] = row.split(" ");
    const range = { bytes: new Uint8Array(0), start: 0, end: 0 };
    const isThere = await this.#engine.get(simpleKey(key!, Number(database)), range);
    const cell = isThere ? range.bytes.slice(range.start, range.end) : undefined;
    if (this.#known.has(row)) expect(cell).toEqual(this.#known.get(row));
    return cell;
  }

  /** What rows are after it, is not known until they are put again. */
  #clear(database?: number): void {
    if (database === undefined) this.#wholeClearCount++;
    this.#clearCount++;
    this.#clearsUnderWay++;
    this.#known.clear();
    const end = (): void => void this.#clearsUnderWay--;
    const cleared = this.#engine.clear(database);
    cleared.then(end, end);
    this.#awaitLater(cleared);
  }

  async #take(step: Step, writer: number): Promise<void> {
    const { clock } = this.#world.runtime("a");
    if (this.#stepCount++ % 10 === 0) await expectExact(this.#engine);
    if (step.kind === "sweep") this.#awaitLater(this.#engine.dropExpired(clock.wallMs(), 20));
    else if (step.kind === "meet") this.#meet(step);
    else if (step.kind === "clear") this.#clear();
    else if (step.kind === "clear database") this.#clear(step.database);
    else await this.#write({ ...step, key: step.key * WRITERS + writer });
    await clock.sleep(step.pauseMs / 10); // so that they do not all walk in step
  }

  /** Looks at every row of the step's key, whoever writes it. */
  #meet({ key, database }: Step): void {
    const { clock } = this.#world.runtime("a");
    for (let writer = 0; writer < WRITERS; writer++)
      this.#engine.dropIfExpired(simpleKey(`${key * WRITERS + writer}`, database), clock.wallMs());
  }

  /** If the process dies before, nobody hears that it failed. */
  #awaitLater(result: unknown): void {
    const ended = Promise.resolve(result);
    ended.catch(() => undefined);
    this.#underWay.push(ended);
  }

  /** Two at one time: the greater one wins, whichever is read or put first, unless a cell that expires is there. */
  async #mergeTwice(row: string, text: string): Promise<void> {
    const [database, key] = row.split(" ");
    const rowKey = simpleKey(key!, Number(database));
    const greater = simpleCell(`${text}~`);
    const wasKnown = this.#known.delete(row);
    const clearCount = this.#clearCount;
    await Promise.all([this.#engine.merge(rowKey, greater), this.#engine.merge(rowKey, simpleCell(text))]);
    const isCleared = clearCount !== this.#clearCount || this.#clearsUnderWay > 0;
    if (wasKnown && !isCleared) this.#known.set(row, greater.bytes);
  }

  async #write({ kind, key, database, size, ttlMs, pauseMs }: Step): Promise<void> {
    const { clock } = this.#world.runtime("a");
    const expiresAtMs = ttlMs === undefined ? NEVER_EXPIRES : clock.wallMs() + ttlMs;
    const text = `${this.#stepCount}`.padStart(6, "0"); // so that what is merged later wins
    const cell =
      kind === "delete" ? simpleCell("", 1) : simpleCell(text.padEnd(text.length + size), expiresAtMs);
    const rowKey = simpleKey(`${key}`, database);
    const row = `${database} ${key}`;
    if (kind === "merge") return await this.#mergeTwice(row, text);
    this.#inUse.set(rowKey.hash, (this.#inUse.get(rowKey.hash) ?? 0) + 1);
    for (let seenClears = -1; seenClears !== this.#wholeClearCount; ) {
      seenClears = this.#wholeClearCount;
      const present = await this.#read(row);
      await clock.sleep(pauseMs);
      if (seenClears !== this.#wholeClearCount) continue;
      const clearCount = this.#clearCount;
      this.#known.delete(row);
      await this.#engine.put(rowKey, cell, present && { bytes: present, start: 0, end: present.length });
      if (clearCount !== this.#clearCount || this.#clearsUnderWay > 0) continue;
      if (kind === "delete") this.#known.set(row, undefined);
      else if (ttlMs === undefined) this.#known.set(row, cell.bytes);
    }
    const uses = this.#inUse.get(rowKey.hash)! - 1;
    if (uses === 0) this.#inUse.delete(rowKey.hash);
    else this.#inUse.set(rowKey.hash, uses);
    await this.#engine.durable();
  }
}

async function live(world: SimWorld, { steps, crashAtStep, fsync, cacheBytes }: Life): Promise<void> {
  let isAlive = true;
  let stepCount = 0;
  world.disk("a").intercept = () => {
    if (stepCount++ >= crashAtStep && isAlive) {
      isAlive = false;
      world.crash("a");
    }
    return undefined;
  };
  const run = async (): Promise<void> => {
    const engine = await openSmallEngine(withSlowReads(world.runtime("a")), "/data", {
      ...TINY,
      fsync,
      cacheBytes,
    });
    await expectExact(engine);
    await new Users(world, engine).run(steps);
    await engine.close();
  };
  let isOver = false;
  let failure: unknown;
  run()
    .catch((cause: unknown) => {
      failure = cause;
    })
    .finally(() => {
      isOver = true;
    });
  while (isAlive && !isOver) await world.runFor(20);
  world.disk("a").intercept = undefined;
  if (failure !== undefined && isAlive) throw failure; // what fails because the process is dead, nobody hears
}

test("sums and counts are exact at every moment, and after every crash", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.boolean(),
      fc.array(anyLife, { minLength: 1, maxLength: 4 }),
      async (seed, leavesHoles, lives) => {
        const world = new SimWorld(seed);
        world.runtime("a");
        world.disk("a").leavesHoles = leavesHoles;
        for (const life of lives) await live(world, life);
        const last = await world.runUntil(openSmallEngine(world.runtime("a"), "/data", TINY));
        await world.runUntil(expectExact(last));
        await world.runUntil(last.close());
      },
    ),
    { numRuns: 25, endOnFailure: true }, // shrinking takes long, and hardly makes a history shorter
  );
}, 240_000);
