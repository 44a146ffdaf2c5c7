import { expect, test } from "vitest";
import { testClock } from "../clock.contract.ts";
import { createNodejsClock } from "./clock.ts";

testClock("nodejs clock", (body) => body(createNodejsClock()));

test("nodejs clock: an interval does not keep the program alive, a sleep does", async () => {
  const clock = createNodejsClock();
  const before = timersHolding();
  const cancel = clock.every(1_000, () => undefined);
  expect(timersHolding()).toBe(before);
  cancel();
  const abort = new AbortController();
  const sleeping = clock.sleep(1_000, abort.signal);
  expect(timersHolding()).toBe(before + 1);
  abort.abort();
  await expect(sleeping).rejects.toBe(abort.signal.reason);
  expect(timersHolding()).toBe(before);
});

test("nodejs clock: a sleep of many weeks neither overflows nor spins", async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on("warning", note);
  const abort = new AbortController();
  const clock = createNodejsClock();
  const sleeping = clock.sleep(60 * 24 * 3_600_000, abort.signal);
  await clock.sleep(5);
  abort.abort();
  await expect(sleeping).rejects.toBe(abort.signal.reason);
  process.off("warning", note);
  expect(warnings).toEqual([]);
});

/** How many timers keep the event loop from ending. */
function timersHolding(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
}
