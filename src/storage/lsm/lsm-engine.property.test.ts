/**
 * Many small lives of one directory, each cut short by a crash of a disk that tears and reorders what was not
 * synced: what was acknowledged is there afterwards, and nothing that was deleted is back. And whatever is
 * put, flushed and merged: sums and counts are those of a full scan.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { toText } from "../../base/bytes.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { simpleCell, simpleKey } from "../simple-engine.oracle.ts";
import { NEVER_EXPIRES } from "../storage-engine.ts";
import { expectExact, openSmallEngine, overwrite, summaryOfScan } from "./engine/small-engine.oracle.ts";
import type { LsmEngine } from "./lsm-engine.ts";

const KEYS = 40;
const DELETED = "";
const TINY = { segmentBytes: 4096, tableBytes: 4096, cacheBytes: 4096 } as const;

/** Expires in the past: the engine forgets the row. */
const deletion = simpleCell("", 1);

const anyWrite = fc.record({
  key: fc.nat({ max: KEYS - 5 }), // a few more keys are left to share them out among writers
  size: fc.nat({ max: 400 }),
  deletes: fc.boolean(),
});
const anyLife = fc.record({
  writes: fc.array(anyWrite, { size: "max", maxLength: 150 }),
  writersAtOnce: fc.integer({ min: 1, max: 4 }),
  crashAtStep: fc.nat({ max: 1500 }),
  clearsAt: fc.option(fc.nat({ max: 300 }), { freq: 4, nil: undefined }),
});
type Life = typeof anyLife extends fc.Arbitrary<infer T> ? T : never;

/**
 * Per key, the values it may have: the last acknowledged one, and those that were being written at the crash.
 */
class Hopes {
  readonly #values = new Map<number, Set<string>>();

  onWrite(key: number, value: string): void {
    this.of(key).add(value);
  }

  onAcknowledged(key: number, value: string): void {
    this.#values.set(key, new Set([value]));
  }

  of(key: number): Set<string> {
    let values = this.#values.get(key);
    if (values === undefined) {
      values = new Set([DELETED]);
      this.#values.set(key, values);
    }
    return values;
  }
}

async function textAt(engine: LsmEngine, key: number): Promise<string> {
  const into = { bytes: new Uint8Array(0), start: 0, end: 0 };
  const isThere = await engine.get(simpleKey(`${key}`), into);
  return isThere ? toText(into.bytes.subarray(into.start + 8, into.end)) : DELETED;
}

/** What is there is hoped for, and from now on it is certain. */
async function check(engine: LsmEngine, hopes: Hopes): Promise<void> {
  let rows = 0;
  for (let key = 0; key < KEYS; key++) {
    const value = await textAt(engine, key);
    expect([...hopes.of(key)]).toContain(value);
    hopes.onAcknowledged(key, value);
    if (value !== DELETED) rows++;
  }
  expect(engine.counts(0)).toEqual({ rows, expiring: 0 });
  expect((await summaryOfScan(engine)).equals(engine.merkleSummary())).toBe(true);
}

/** Lives until the crash, or to the end of the writes. */
async function live(world: SimWorld, life: Life, lifeNumber: number, hopes: Hopes): Promise<void> {
  let isAlive = true;
  let steps = 0;
  let failure: unknown;
  world.disk("a").intercept = () => {
    if (steps++ >= life.crashAtStep && isAlive) {
      isAlive = false;
      world.crash("a");
    }
    return undefined;
  };
  const run = async (): Promise<void> => {
    const engine = await openSmallEngine(world.runtime("a"), "/data", TINY);
    await check(engine, hopes);
    const writer = async (number: number): Promise<void> => {
      for (let i = number; i < life.writes.length && isAlive; i += life.writersAtOnce) {
        const { size, deletes, key: anyKey } = life.writes[i]!;
        const key = anyKey - (anyKey % life.writersAtOnce) + number; // each key has one writer
        const value = deletes ? DELETED : `${lifeNumber}.${i} ${"x".repeat(size)}`;
        if (i === life.clearsAt) await clear(engine, hopes, life);
        hopes.onWrite(key, value);
        await overwrite(engine, simpleKey(`${key}`), deletes ? deletion : simpleCell(value));
        hopes.onAcknowledged(key, value);
      }
    };
    await Promise.all(Array.from({ length: life.writersAtOnce }, (_, number) => writer(number)));
    await check(engine, hopes);
  };
  let isOver = false;
  const running = run().then(
    () => {
      isOver = true;
    },
    (cause: unknown) => {
      failure = cause;
      isOver = true;
    },
  );
  while (isAlive && !isOver) await world.runFor(20);
  if (isAlive) await running;
  world.disk("a").intercept = undefined;
  if (failure !== undefined && isAlive) throw failure; // what fails because the process is dead, nobody hears
  if (isAlive) world.crash("a");
}

/** Only where there is one writer: else nobody could tell what came first. */
async function clear(engine: LsmEngine, hopes: Hopes, { writersAtOnce }: Life): Promise<void> {
  if (writersAtOnce > 1) return;
  for (let key = 0; key < KEYS; key++) hopes.onWrite(key, DELETED);
  await engine.clear();
  for (let key = 0; key < KEYS; key++) hopes.onAcknowledged(key, DELETED);
}

test("what was acknowledged outlives every crash, nothing deleted comes back, counts and sums are exact", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.boolean(),
      fc.array(anyLife, { minLength: 1, maxLength: 5 }),
      async (seed, holes, lives) => {
        const world = new SimWorld(seed);
        world.runtime("a");
        world.disk("a").leavesHoles = holes;
        const hopes = new Hopes();
        for (const [number, life] of lives.entries()) await live(world, life, number, hopes);
        const last = await world.runUntil(openSmallEngine(world.runtime("a"), "/data", TINY));
        await world.runUntil(check(last, hopes));
        await world.runUntil(last.close());
      },
    ),
    { numRuns: 40 },
  );
}, 240_000);

test("sums and counts of every slot are those of a full scan, whatever is put, dropped, flushed and merged", async () => {
  const anyPut = fc.record({
    key: fc.nat({ max: 60 }),
    database: fc.nat({ max: 1 }),
    size: fc.nat({ max: 300 }),
    ttlMs: fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.array(anyPut, { size: "max", maxLength: 300 }), async (seed, puts) => {
      const world = new SimWorld(seed);
      const runtime = world.runtime("a");
      const run = async (): Promise<void> => {
        const engine = await openSmallEngine(runtime, "/data", TINY);
        for (const [i, { key, database, size, ttlMs }] of puts.entries()) {
          const expiresAtMs = ttlMs === undefined ? NEVER_EXPIRES : runtime.clock.wallMs() + ttlMs;
          const cell = simpleCell(`${i}`.padEnd(size), expiresAtMs);
          if (i % 5 === 0) await engine.merge(simpleKey(`${key}`, database), cell);
          else await overwrite(engine, simpleKey(`${key}`, database), cell);
          if (i % 20 === 0) await engine.dropExpired(runtime.clock.wallMs(), 30);
          if (i % 50 === 0) await expectExact(engine);
        }
        await expectExact(engine);
        await engine.close();
      };
      await world.runUntil(run());
    }),
    { numRuns: 40 },
  );
}, 240_000);
