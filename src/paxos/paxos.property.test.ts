import fc from "fast-check";
import { expect, test } from "vitest";
import { SimRandom } from "../sim/sim-random.ts";
import { type AcceptorState, acceptorStep, EMPTY_ACCEPTOR } from "./acceptor.ts";
import { compareBallots, ZERO_BALLOT } from "./ballot.ts";
import { configurationOf } from "./configuration.ts";
import { findFault, RegisterWorld, type WorldSettings } from "./register-world.oracle.ts";

const FIVE = ["a1", "a2", "a3", "a4", "a5"];
const BURST_MS = 1_500;
const SOUND: WorldSettings = { initial: FIVE, lossPercent: 10, crashPercent: 10 };

/** Operations in three bursts, so that some begin after others have ended. */
function history(seed: number, settings: WorldSettings, moves: boolean): RegisterWorld {
  const random = new SimRandom(`${seed}`);
  const world = new RegisterWorld(random, settings);
  const initial = configurationOf(settings.initial);
  let newcomer = 0;
  for (let burst = 1; burst <= 3; burst++) {
    for (let i = 0; i < 3; i++) {
      const isMove = moves && i === 0;
      const added = `b${newcomer++}`;
      // A majority of strangers, so that a quorum of the old alone need not meet one of the new alone.
      const voters = (now: readonly string[]): readonly string[] => [...now.slice(-1), added, `${added}'`];
      // Proposers of later bursts still believe in the first acceptors.
      world.submit(`${burst}.${i}`, initial, isMove ? voters : undefined);
    }
    world.run(BURST_MS * burst);
  }
  world.run(20 * BURST_MS);
  return world;
}

function countFaults(settings: WorldSettings, { moves, seeds }: { moves: boolean; seeds: number }): number {
  let count = 0;
  for (let seed = 0; seed < seeds; seed++) {
    if (findFault(history(seed, settings, moves).operations) !== undefined) count++;
  }
  return count;
}

test.each([false, true])(
  "one value a version, and each sees those before it (acceptors change: %s)",
  (moves) => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 30 }), (seed, lossPercent) => {
        const { operations } = history(seed, { ...SOUND, lossPercent }, moves);
        expect(findFault(operations)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  },
);

test("with little lost, every operation ends, changes of the acceptors too", () => {
  for (let seed = 0; seed < 20; seed++) {
    const { operations } = history(seed, { ...SOUND, lossPercent: 1 }, true);
    expect(operations.filter(({ log }) => log === undefined)).toEqual([]);
    expect(operations.some(({ log }) => log!.length === operations.length)).toBe(true);
  }
});

test("an acceptor that forgets its promise in a crash is caught", () => {
  const recover = (state: AcceptorState): AcceptorState => ({ ...state, promised: ZERO_BALLOT });
  expect(countFaults({ ...SOUND, recover, crashPercent: 30 }, { moves: false, seeds: 200 })).toBeGreaterThan(
    0,
  );
});

test("an acceptor that forgets what it accepted in a crash is caught", () => {
  const recover = (): AcceptorState => EMPTY_ACCEPTOR;
  expect(countFaults({ ...SOUND, recover }, { moves: false, seeds: 100 })).toBeGreaterThan(0);
});

test("an acceptor that accepts below its promise is caught", () => {
  const step: typeof acceptorStep = (state, request) => {
    const isOld = request.kind === "accept" && compareBallots(request.ballot, state.promised) < 0;
    return acceptorStep(isOld ? { ...state, promised: ZERO_BALLOT } : state, request);
  };
  expect(countFaults({ ...SOUND, step }, { moves: false, seeds: 200 })).toBeGreaterThan(0);
});
