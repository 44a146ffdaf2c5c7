/**
 * Crashes at any sync, of a disk that tears and reorders what was not synced, again and again: what was acknowledged
 * under "always" is there, and of the rest only whole batches, from the oldest on. A turn is one batch, or several
 * if its rows are in more than one segment.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import type { FsyncPolicy } from "./commit-plan.ts";
import { SmallLog } from "./small-log.oracle.ts";

const SEGMENT_BYTES = 2000;

interface Life {
  readonly policy: FsyncPolicy;
  readonly crashAtSync: number;
  readonly turns: readonly (readonly string[])[];
}

const turn = fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h"), {
  minLength: 1,
  maxLength: 6,
});
const life = fc.record({
  policy: fc.constantFrom<FsyncPolicy>("always", "always", "everysec", "no"),
  crashAtSync: fc.nat({ max: 25 }),
  turns: fc.array(turn, { maxLength: 25 }),
});

/** What the rows may be after a crash: as after any batch from the last acknowledged one on. */
class Hopes {
  #states: Map<string, string>[];

  constructor(rows: Map<string, string>) {
    this.#states = [new Map(rows)];
  }

  onBatch(rows: Map<string, string>): number {
    return this.#states.push(new Map(rows)) - 1;
  }

  onAcknowledged(batch: number): void {
    for (let i = 0; i < batch; i++) this.#states[i] = NEVER;
  }

  allow(rows: Map<string, string>): boolean {
    const text = textOf(rows);
    return this.#states.some((state) => state !== NEVER && textOf(state) === text);
  }
}

const NEVER = new Map<string, string>();

function textOf(rows: Map<string, string>): string {
  return [...rows]
    .map((row) => row.join("="))
    .sort()
    .join();
}

/** Runs one life to its crash, or to the end of its turns and then a crash. Returns what may be there afterwards. */
async function live(world: SimWorld, { policy, crashAtSync, turns }: Life, known: Hopes): Promise<Hopes> {
  const disk = world.disk("a");
  const syncsBefore = disk.syncCount;
  let isAlive = true;
  disk.intercept = () => {
    if (disk.syncCount - syncsBefore > crashAtSync && isAlive) {
      isAlive = false;
      world.crash("a");
    }
    return undefined;
  };
  let hopes = known;
  const run = async (): Promise<void> => {
    const log = await SmallLog.open(world.runtime("a"), { policy, segmentBytes: SEGMENT_BYTES });
    const { rows } = log;
    expect(known.allow(rows)).toBe(true);
    hopes = new Hopes(rows);
    for (const [i, keys] of turns.entries()) {
      if (!isAlive) return;
      for (const key of keys) {
        const { length } = log.memtables;
        const value = `${i} ${"x".repeat((i * 37) % 300)}`;
        log.put(key, value);
        if (log.memtables.length > length) hopes.onBatch(rows);
        rows.set(key, value);
      }
      const number = hopes.onBatch(rows);
      await log.writer.durable();
      if (policy === "always") hopes.onAcknowledged(number);
      else await world.runtime("a").clock.sleep(300);
    }
  };
  const running = run();
  let failure: unknown;
  running.catch((cause: unknown) => {
    failure = cause;
  });
  while (isAlive && !(await isOver(world, running)));
  if (failure !== undefined && isAlive) throw failure; // what fails because the process is dead, nobody hears
  disk.intercept = undefined;
  if (isAlive) world.crash("a");
  return hopes;
}

/** Lets some time pass; a process that died never settles anything. */
async function isOver(world: SimWorld, running: Promise<void>): Promise<boolean> {
  let over = false;
  const note = (): void => {
    over = true;
  };
  running.then(note, note);
  await world.runFor(50);
  return over;
}

test("whatever is acknowledged outlives every crash, and batches come back whole", async () => {
  let crashes = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.boolean(),
      fc.array(life, { minLength: 1, maxLength: 5 }),
      async (seed, holes, lives) => {
        const world = new SimWorld(seed);
        world.runtime("a");
        world.disk("a").leavesHoles = holes;
        let hopes = new Hopes(new Map());
        for (const next of lives) {
          hopes = await live(world, next, hopes);
          crashes++;
        }
        const last = await world.runUntil(SmallLog.open(world.runtime("a"), { policy: "always" }));
        expect(hopes.allow(last.rows)).toBe(true);
      },
    ),
    { numRuns: 120 },
  );
  expect(crashes).toBeGreaterThanOrEqual(120);
}, 60_000);
