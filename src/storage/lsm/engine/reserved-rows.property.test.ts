/**
 * Rows that room was reserved for are all there after a crash, or none of them: small batches and some that are
 * larger than a whole segment, under every policy, on a disk that tears and reorders what was not synced. What was
 * waited for by `synced` is there for sure; by `written`, where only the program ended.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { toText } from "../../../base/bytes.ts";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { simpleCell, simpleKey } from "../../simple-engine.oracle.ts";
import type { FsyncPolicy } from "../log/commit-plan.ts";
import { rowBytes } from "../log/log-format.ts";
import type { LsmEngine } from "../lsm-engine.ts";
import { FORGOTTEN } from "./forgotten-row.ts";
import { openSmallEngine } from "./small-engine.oracle.ts";

const TINY = { segmentBytes: 4096, tableBytes: 4096, cacheBytes: 4096 } as const;
const KEYS = 12;
const NOWHERE = "";

const anyRow = fc.record({
  key: fc.nat({ max: KEYS - 1 }),
  size: fc.nat({ max: 700 }),
  forgets: fc.boolean(),
});
const anyBatch = fc.record({
  rows: fc.array(anyRow, { size: "max", minLength: 1, maxLength: 15 }),
  waits: fc.constantFrom("not", "written", "synced"),
});
const anyLife = fc.record({
  policy: fc.constantFrom<FsyncPolicy>("always", "everysec", "no"),
  batches: fc.array(anyBatch, { size: "max", maxLength: 20 }),
  crashAtStep: fc.nat({ max: 300 }),
  /** Only the program ends: the system lives on. */
  isKilled: fc.boolean(),
});
type Life = typeof anyLife extends fc.Arbitrary<infer T> ? T : never;
type State = readonly string[];

/** States that may be found after a power cut; from `writtenFrom` on, after the end of the program only. */
interface Hopes {
  states: State[];
  writtenFrom: number;
}

async function stateOf(engine: LsmEngine): Promise<State> {
  const into = { bytes: new Uint8Array(0), start: 0, end: 0 };
  const state: string[] = [];
  for (let key = 0; key < KEYS; key++) {
    const isThere = await engine.get(simpleKey(`${key}`), into);
    state.push(isThere ? toText(into.bytes.subarray(into.start + 8, into.end)).trimEnd() : NOWHERE);
  }
  return state;
}

function write(engine: LsmEngine, rows: Life["batches"][number]["rows"], text: string): void {
  const cells = rows.map(({ size, forgets }) => (forgets ? FORGOTTEN : simpleCell(text.padEnd(size))));
  let bytes = 0;
  for (const [i, { key }] of rows.entries())
    bytes += rowBytes(simpleKey(`${key}`).length, cells[i]!.end - cells[i]!.start);
  engine.plain.reserve(bytes);
  for (const [i, { key }] of rows.entries()) engine.plain.append(simpleKey(`${key}`), cells[i]!);
}

/** Lives until the crash, or to the end of the batches. */
async function live(world: SimWorld, life: Life, number: number, hopes: Hopes): Promise<void> {
  let isAlive = true;
  let steps = 0;
  const end = (): void => (life.isKilled ? world.kill("a") : world.crash("a"));
  world.disk("a").intercept = () => {
    if (steps++ >= life.crashAtStep && isAlive) {
      isAlive = false;
      end();
    }
    return undefined;
  };
  const run = async (): Promise<void> => {
    const engine = await openSmallEngine(world.runtime("a"), "/data", { ...TINY, fsync: life.policy });
    const found = await stateOf(engine);
    expect(hopes.states.slice(hopes.writtenFrom)).toContainEqual(found);
    if (isAlive) Object.assign(hopes, { states: [found], writtenFrom: 0 }); // recovery has made it durable
    const state = [...found];
    for (const [i, { rows, waits }] of life.batches.entries()) {
      if (!isAlive) return;
      const text = `${number}.${i}`;
      write(engine, rows, text);
      for (const { key, forgets } of rows) state[key] = forgets ? NOWHERE : text;
      hopes.states.push([...state]);
      await engine.durable();
      if (waits === "written") await engine.plain.written();
      if (waits === "synced") await engine.plain.synced();
      if (!isAlive) return;
      const isDurable = waits === "synced" || life.policy === "always";
      if (isDurable) hopes.states.splice(0, hopes.states.length - 1);
      if (isDurable || waits === "written") hopes.writtenFrom = hopes.states.length - 1;
    }
  };
  let isOver = false;
  let failure: unknown;
  run().then(
    () => {
      isOver = true;
    },
    (cause: unknown) => {
      if (isAlive) failure = cause; // what a dead process is told, nobody hears
      isOver = true;
    },
  );
  while (isAlive && !isOver) await world.runFor(20);
  world.disk("a").intercept = undefined;
  if (failure !== undefined && isAlive) throw failure; // what fails because the process is dead, nobody hears
  if (isAlive) end();
  if (!life.isKilled) hopes.writtenFrom = 0;
}

test("after any crash, batches are whole or not there, and those waited for are there", async () => {
  let crashes = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.boolean(),
      fc.array(anyLife, { minLength: 1, maxLength: 4 }),
      async (seed, holes, lives) => {
        const world = new SimWorld(seed);
        world.runtime("a");
        world.disk("a").leavesHoles = holes;
        const hopes: Hopes = { states: [Array<string>(KEYS).fill(NOWHERE)], writtenFrom: 0 };
        for (const [number, life] of lives.entries()) {
          await live(world, life, number, hopes);
          crashes++;
        }
        const last = await world.runUntil(openSmallEngine(world.runtime("a"), "/data", TINY));
        expect(hopes.states.slice(hopes.writtenFrom)).toContainEqual(await world.runUntil(stateOf(last)));
        await world.runUntil(last.close());
      },
    ),
    { numRuns: 60, endOnFailure: true },
  );
  expect(crashes).toBeGreaterThan(60);
}, 240_000);

test("a batch larger than can be kept whole is refused, and nothing is written", async () => {
  const world = new SimWorld(1);
  const engine = await world.runUntil(openSmallEngine(world.runtime("a"), "/data", TINY));
  expect(() => engine.plain.reserve(2 ** 31)).toThrow(expect.objectContaining({ code: "INVALID_REQUEST" }));
  write(engine, [{ key: 1, size: 1, forgets: false }], "after");
  expect((await world.runUntil(stateOf(engine)))[1]).toBe("after");
  await world.runUntil(engine.close());
});
