/** Replicas that differ by chance become equal, and nothing is moved but what differed. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { StoreError } from "../base/errors.ts";
import { SimWorld } from "../sim/sim-runtime.ts";
import { exchange, NaiveReplica, unionOf } from "./naive-replicas.oracle.ts";

const anyKey = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 400 }).map((n) => `key ${n}`) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 60 }).map((n) => `{one slot}${n}`) },
);
const anyRow = fc.record({
  key: anyKey,
  database: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 15 }) }),
  /** Which letters each replica knows of. */
  letters: fc.array(fc.constantFrom("", "", "a", "ab", "c", "abc", "bd"), { minLength: 3, maxLength: 3 }),
});
const anyRows = fc.array(anyRow, { maxLength: 200, size: "max" });
type Row = typeof anyRow extends fc.Arbitrary<infer T> ? T : never;

function replicasOf(world: SimWorld, count: number, rows: readonly Row[]): NaiveReplica[] {
  const replicas = Array.from({ length: count }, (_, i) => new NaiveReplica(world, `r${i}`));
  for (const { key, database, letters } of rows) {
    replicas.forEach((replica, i) => {
      if (letters[i] !== "") replica.write(key, letters[i]!, database);
    });
  }
  return replicas;
}

function union(replicas: readonly NaiveReplica[]): Map<string, string> {
  const all = new Map<string, string>();
  for (const replica of replicas) {
    for (const [key, letters] of replica.contents()) all.set(key, unionOf(all.get(key) ?? "", letters));
  }
  return all;
}

test("two replicas become equal; each takes exactly the rows in which it lacked something", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), anyRows, fc.constantFrom(1, 3, 65_536), async (seed, rows, hashesMax) => {
      const world = new SimWorld(seed);
      const [a, b] = replicasOf(world, 2, rows) as [NaiveReplica, NaiveReplica];
      const all = union([a, b]);
      const before = [a.contents(), b.contents()];
      const differing = [...all.keys()].filter((key) => before[0]!.get(key) !== before[1]!.get(key));
      const lacking = before.map(
        (had) => [...all].filter(([key, letters]) => had.get(key) !== letters).length,
      );
      const outcome = await world.runUntil(exchange(world, a, b, { settings: { hashesMax } }).run, 600_000);
      expect(a.contents()).toEqual(all);
      expect(b.contents()).toEqual(all);
      expect(b.taken).toBe(lacking[1]);
      expect(outcome.pushed).toBe(lacking[1]);
      // A row that both have, in versions of which ours is the newer one, is looked at before that is known.
      const known = differing.filter((key) => before[1]!.has(key)).length;
      expect(outcome.pulled).toBe(known);
      expect(outcome.slots).toBe(16_384);
    }),
    { numRuns: 40 },
  );
});

test("three replicas become equal by exchanges in pairs, at the same time, with links that break", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), anyRows, async (seed, rows) => {
      const world = new SimWorld(seed);
      const replicas = replicasOf(world, 3, rows);
      const all = union(replicas);
      const run = async (from: number, to: number, failures: number): Promise<void> => {
        const { run } = exchange(world, replicas[from]!, replicas[to]!, { failures });
        await run.catch((cause: unknown) => {
          if (!(cause instanceof StoreError)) throw cause;
        });
      };
      const rounds = async (): Promise<void> => {
        for (let round = 0; round < 3; round++) {
          const failures = round === 0 ? 2 : 0;
          await Promise.all([
            run(0, 1, failures),
            run(1, 2, failures),
            run(2, 0, failures),
            run(1, 0, failures),
          ]);
        }
      };
      await world.runUntil(rounds(), 3_600_000);
      for (const replica of replicas) expect(replica.contents()).toEqual(all);
    }),
    { numRuns: 20 },
  );
});
