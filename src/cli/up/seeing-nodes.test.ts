import { expect, test } from "vitest";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { NoAnswer } from "../node-question.ts";
import { allSeeEachOther, type StatusQuestion } from "./seeing-nodes.ts";

/** A node that answers, and then says who is up, only after some time. */
function setUp(answersMs: number, seesMs: number) {
  const world = new SimWorld("up");
  const { clock } = world.runtime("a");
  const startMs = clock.monotonicMs();
  const slow: StatusQuestion = async () => {
    const nowMs = clock.monotonicMs() - startMs;
    if (nowMs < answersMs) throw new NoAnswer(": not yet");
    return { members: [{ up: true }, { up: nowMs >= seesMs }] } as never;
  };
  const quick: StatusQuestion = async () => ({ members: [{ up: true }, { up: true }] }) as never;
  const wait = (patienceMs: number): Promise<boolean> =>
    world.runUntil(allSeeEachOther(clock, [quick, slow], patienceMs));
  return { wait, passedMs: () => clock.monotonicMs() - startMs };
}

test("it is over as soon as the last of them sees all", async () => {
  const { wait, passedMs } = setUp(300, 1_000);
  expect(await wait(5_000)).toBe(true);
  expect(passedMs()).toBeGreaterThanOrEqual(1_000);
  expect(passedMs()).toBeLessThan(1_200);
});

test("whoever is never seen is not waited for for ever", async () => {
  const { wait, passedMs } = setUp(0, Number.POSITIVE_INFINITY);
  expect(await wait(5_000)).toBe(false);
  expect(passedMs()).toBeLessThan(5_200);
});
