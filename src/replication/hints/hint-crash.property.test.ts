/**
 * Crashes at any step of a disk that tears and reorders what was not synced, again and again, while hints come and go:
 * what was acknowledged and not delivered is there, as it was added.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ref } from "../../../test/support/replica-bench.ts";
import { toText } from "../../base/bytes.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { cellOf, textsIn } from "./hint-samples.oracle.ts";
import { HintStore } from "./hint-store.ts";

type Act =
  | { readonly kind: "add"; readonly target: string; readonly count: number }
  | { readonly kind: "take"; readonly target: string; readonly count: number };

interface Life {
  readonly crashAtStep: number;
  readonly acts: readonly Act[];
}

const target = fc.constantFrom("b", "c");
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      target,
      count: fc.integer({ min: 1, max: 9 }),
    }),
    weight: 3,
  },
  fc.record({ kind: fc.constant("take" as const), target, count: fc.integer({ min: 1, max: 20 }) }),
);
const life: fc.Arbitrary<Life> = fc.record({
  crashAtStep: fc.nat({ max: 60 }),
  acts: fc.array(act, { maxLength: 25 }),
});

/** Names of hints by target: those that must be there, and all that were ever asked for. */
interface Known {
  readonly owed: Map<string, Set<string>>;
  readonly asked: Set<string>;
  nextName: number;
}

async function live(world: SimWorld, { crashAtStep, acts }: Life, known: Known): Promise<void> {
  const disk = world.disk("a");
  let isAlive = true;
  let steps = 0;
  disk.intercept = () => {
    if (++steps > crashAtStep && isAlive) {
      isAlive = false;
      world.crash("a");
    }
    return undefined;
  };
  const run = async (): Promise<void> => {
    const store = await HintStore.open(world.runtime("a"), "/hints", { segmentBytes: 400 });
    await check(store, known);
    for (const act of acts) await (act.kind === "add" ? add(store, act, known) : take(store, act, known));
  };
  let failure: unknown;
  const running = run().then(
    () => "over",
    (cause: unknown) => {
      failure = cause;
    },
  );
  let isOver = false;
  void running.then(() => {
    isOver = true;
  });
  while (isAlive && !isOver) await world.runFor(20);
  if (failure !== undefined && isAlive) throw failure; // what fails because the process is dead, nobody hears
  disk.intercept = undefined;
  if (isAlive) world.crash("a");
}

async function add(store: HintStore, { target, count }: Act, known: Known): Promise<void> {
  const added = Array.from({ length: count }, async () => {
    const name = `${target}${known.nextName++}`;
    known.asked.add(name);
    await store.add(target, ref(name), cellOf(`value of ${name} ${"x".repeat(known.nextName % 90)}`));
    known.owed.get(target)!.add(name);
  });
  await Promise.all(added);
}

async function take(store: HintStore, { target, count }: Act, known: Known): Promise<void> {
  const log = store.logs.get(target);
  if (log === undefined) return;
  const hints = await log.peek({ countMax: count, bytesMax: 300 });
  for (const { hint } of hints) known.owed.get(target)!.delete(toText(hint.ref.key));
  await log.advance(hints);
}

/** Everything that is owed is there; nothing is there that nobody added, or that is not as it was. */
async function check(store: HintStore, { owed, asked }: Known): Promise<void> {
  for (const [target, names] of owed) {
    const found = new Set<string>();
    for (const segment of store.logs.get(target)?.segments ?? []) {
      const hints = await segment.read(segment.startBytes, { countMax: 1e6, bytesMax: 1e6 });
      for (const { hint } of hints) {
        const name = toText(hint.ref.key);
        expect(asked.has(name)).toBe(true);
        expect(textsIn(hint.cell)[0]).toMatch(new RegExp(`^value of ${name} x*$`));
        found.add(name);
      }
    }
    for (const name of names) expect(found).toContain(name);
  }
}

test("what was acknowledged and not delivered outlives every crash", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.boolean(),
      fc.array(life, { minLength: 1, maxLength: 5 }),
      async (seed, holes, lives) => {
        const world = new SimWorld(seed);
        world.runtime("a");
        world.disk("a").leavesHoles = holes;
        const known: Known = {
          owed: new Map([
            ["b", new Set()],
            ["c", new Set()],
          ]),
          asked: new Set(),
          nextName: 0,
        };
        for (const next of lives) await live(world, next, known);
        await world.runUntil(
          HintStore.open(world.runtime("a"), "/hints").then((store) => check(store, known)),
        );
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);
