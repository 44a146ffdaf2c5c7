/**
 * The power fails at every step at which something becomes durable, and between: a run of one writer with flushes,
 * compactions, a scan that stays open and a checkpoint is repeated once for each of them. What was acknowledged is
 * there afterwards, what was deleted is not, sums are exact, and nobody calls it corruption. The checkpoint is whole
 * once it was told to be, and from the moment on in which it has a CURRENT.
 */
import { expect, test } from "vitest";
import { toText } from "../../base/bytes.ts";
import type { Disk } from "../../runtime/runtime.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { keyRange } from "../row-key.ts";
import { simpleCell, simpleKey } from "../simple-engine.oracle.ts";
import { writeCheckpoint } from "./directory/checkpoint.ts";
import type { RowScan } from "./engine/row-scan.ts";
import { expectExact, openSmallEngine, overwrite } from "./engine/small-engine.oracle.ts";
import type { LsmEngine } from "./lsm-engine.ts";

const KEYS = 12;
const WRITES = 60;
const COPY_AT = 35;
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
  /** What the checkpoint is to hold, per key; and whether it was told to be whole. */
  readonly copy: { readonly values: Map<number, string>; isWhole: boolean };
  readonly steps: number;
  readonly compactions: number;
}

/** Runs until the crash, which comes before the step of that number that changes the disk. */
async function run(seed: number, crashAtStep: number): Promise<Run> {
  const world = new SimWorld(seed);
  const runtime = world.runtime("a");
  const hopes = new Map<number, readonly string[]>();
  const copy: Run["copy"] = { values: new Map(), isWhole: false };
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
    let rows: RowScan | undefined;
    for (let i = 0; i < WRITES; i++) {
      if (i === COPY_AT) {
        for (const [key, [value]] of hopes) if (value !== DELETED) copy.values.set(key, value!);
        rows = engine.scan(new Uint8Array(0), undefined);
        await copyTo("/copy", engine, runtime.disk);
        copy.isWhole = true;
      }
      const key = (i * 7 + seed) % KEYS;
      const value = (i + seed) % 5 === 0 ? DELETED : `${i} ${"x".repeat(200 + ((i * 37) % 300))}`;
      hopes.set(key, [...(hopes.get(key) ?? [DELETED]), value]);
      await overwrite(engine, simpleKey(`${key}`), value === DELETED ? simpleCell("", 1) : simpleCell(value));
      hopes.set(key, [value]);
    }
    await runtime.clock.sleep(500);
    expect(await valuesIn(rows!)).toEqual(copy.values);
    isOver = true;
  };
  let failure: unknown;
  write().catch((cause: unknown) => {
    failure = cause;
  });
  while (!isOver && failure === undefined) await world.runFor(20);
  if (failure !== undefined && !hasCrashed) throw failure; // what fails because the process is dead, nobody hears
  world.disk("a").intercept = undefined;
  return { world, hopes, copy, steps, compactions: engine?.statistics.compactionCount ?? 0 };
}

async function copyTo(target: string, engine: LsmEngine, disk: Disk): Promise<void> {
  const { version, release } = await engine.flush();
  await writeCheckpoint({ disk, directory: "/data", target, version, logs: [] });
  release();
}

async function valuesIn(rows: RowScan): Promise<Map<number, string>> {
  const values = new Map<number, string>();
  while (await rows.next()) {
    const { key, cell } = rows;
    const number = Number(toText(key.bytes.subarray(keyRange(key.bytes, key.start).start, key.end)));
    values.set(number, toText(cell.bytes.subarray(cell.start + 8, cell.end)));
  }
  return values;
}

async function checkCopy({ world, copy }: Run, what: string): Promise<void> {
  const runtime = world.runtime("a");
  if (!copy.isWhole && !(await runtime.disk.exists("/copy/CURRENT"))) return;
  const engine = await openSmallEngine(runtime, "/copy", TINY);
  expect(await valuesIn(engine.scan(new Uint8Array(0), undefined)), what).toEqual(copy.values);
  await expectExact(engine);
  await engine.close();
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
    expect(whole.copy.isWhole).toBe(true);
    await whole.world.runUntil(checkCopy(whole, "the copy"));
    expect(whole.steps).toBeGreaterThan(150);
    for (let step = 0; step < whole.steps; step++) {
      const cut = await run(seed, step);
      await cut.world.runUntil(check(cut, `cut at step ${step}`));
      await cut.world.runUntil(checkCopy(cut, `copy, cut at step ${step}`));
    }
  }, 120_000);
}
