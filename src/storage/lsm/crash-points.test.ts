/**
 * The power fails at every step at which something becomes durable, and between: a run of one writer with flushes,
 * compactions and a checkpoint is repeated once for each of them. What was acknowledged is there afterwards, what
 * was deleted is not, sums are exact, and nobody calls it corruption.
 */
import { expect, test } from "vitest";
import { toText } from "../../base/bytes.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { simpleCell, simpleKey } from "../storage-engine.contract.ts";
import { expectExact, openSmallEngine, overwrite } from "./engine/small-engine.oracle.ts";
import type { LsmEngine } from "./lsm-engine.ts";

const KEYS = 12;
const WRITES = 60;
const DELETED = "";
const TINY = {
  segmentBytes: 4096,
  tableBytes: 4096,
  cacheBytes: 0,
  picker: { level0Count: 2, level1Bytes: 8192, levelRatio: 2, level0BytesMax: 2 ** 20 },
} as const;

interface Run {
  readonly world: SimWorld;
  /** Per key, what it may have: the last acknowledged value, and the one under way. */
  readonly hopes: Map<number, readonly string[]>;
  readonly steps: number;
  readonly compactions: number;
}

/** Runs until the crash, which comes before the step of that number that changes the disk. */
async function run(seed: number, crashAtStep: number): Promise<Run> {
  const world = new SimWorld(seed);
  const runtime = world.runtime("a");
  const hopes = new Map<number, readonly string[]>();
  let steps = 0;
  let isOver = false;
  let hasCrashed = false;
  let engine: LsmEngine | undefined;
  world.disk("a").leavesHoles = seed % 2 === 1;
  world.disk("a").intercept = ({ kind }) => {
    if (isOver || kind === "read" || kind === "open" || kind === "list" || kind === "close") return undefined;
    if (steps++ === crashAtStep) {
      isOver = true;
      hasCrashed = true;
      world.crash("a");
    }
    return undefined;
  };
  const write = async (): Promise<void> => {
    engine = await openSmallEngine(runtime, "/data", TINY);
    for (let i = 0; i < WRITES; i++) {
      const key = (i * 7 + seed) % KEYS;
      const value = (i + seed) % 5 === 0 ? DELETED : `${i} ${"x".repeat(200 + ((i * 37) % 300))}`;
      hopes.set(key, [...(hopes.get(key) ?? [DELETED]), value]);
      await overwrite(engine, simpleKey(`${key}`), value === DELETED ? simpleCell("", 1) : simpleCell(value));
      hopes.set(key, [value]);
    }
    await runtime.clock.sleep(500);
    isOver = true;
  };
  let failure: unknown;
  write().catch((cause: unknown) => {
    failure = cause;
  });
  while (!isOver && failure === undefined) await world.runFor(20);
  if (failure !== undefined && !hasCrashed) throw failure; // what fails because the process is dead, nobody hears
  world.disk("a").intercept = undefined;
  return { world, hopes, steps, compactions: engine?.statistics.compactionCount ?? 0 };
}

async function check({ world, hopes }: Run, what: string): Promise<void> {
  const engine = await openSmallEngine(world.runtime("a"), "/data", TINY);
  for (let key = 0; key < KEYS; key++) {
    const into = { bytes: new Uint8Array(0), start: 0, end: 0 };
    const isThere = await engine.get(simpleKey(`${key}`), into);
    const value = isThere ? toText(into.bytes.subarray(into.start + 8, into.end)) : DELETED;
    expect(hopes.get(key) ?? [DELETED], `${what}, key ${key}`).toContain(value);
  }
  await expectExact(engine);
  await engine.close();
}

for (const seed of [1, 2]) {
  test(`nothing durable is lost and nothing comes back, wherever run ${seed} is cut short`, async () => {
    const whole = await run(seed, Number.POSITIVE_INFINITY);
    expect(whole.compactions).toBeGreaterThan(1);
    whole.world.crash("a");
    await whole.world.runUntil(check(whole, "at the end"));
    expect(whole.steps).toBeGreaterThan(150);
    for (let step = 0; step < whole.steps; step++) {
      const cut = await run(seed, step);
      await cut.world.runUntil(check(cut, `cut at step ${step}`));
    }
  }, 120_000);
}
