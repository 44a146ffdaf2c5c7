/** Ten thousand calls on one key by five clients are judged in about a second. */
import { expect, test } from "vitest";
import { SimRandom } from "../../sim-random.ts";
import { linearize } from "./linearization-search.ts";
import { longHistory } from "./long-history.oracle.ts";
import { registerModel } from "./register-model.ts";
import { forgetUnseenValues } from "./unseen-values.ts";

const SIZE = { calls: 10_000, clients: 5 };

test.each([1_000_000, 100])("a good one, one write in %i unknown", { timeout: 10_000 }, (unknownOneIn) => {
  const calls = longHistory(new SimRandom("good"), { ...SIZE, unknownOneIn });
  expect(linearize(forgetUnseenValues(calls), registerModel).kind).toBe("linearizable");
});

test.each([0.1, 0.5, 0.95])("one with a stale read %d of the way through", { timeout: 10_000 }, (share) => {
  const calls = longHistory(new SimRandom("bad"), { ...SIZE, unknownOneIn: 1_000_000 });
  const at = calls.findIndex(({ input }, i) => i >= calls.length * share && input.kind === "get");
  const bad = calls.with(at, { ...calls[at]!, input: { kind: "get", answer: "of long ago" } });
  const verdict = linearize(bad, registerModel);
  expect(verdict).toMatchObject({ kind: "violated", around: expect.arrayContaining([at]) });
});

test("unknown writes nobody has seen are alike; seen ones keep their names", () => {
  const unknown = { client: 0, invokedAtMs: 0, endedAtMs: Infinity };
  const calls = ["a", "b", "c"].map((value) => ({
    ...unknown,
    input: { kind: "set", value, life: 0 } as const,
  }));
  const read = { client: 1, invokedAtMs: 1, endedAtMs: 2, input: { kind: "get", answer: "c" } as const };
  const values = forgetUnseenValues([...calls, read]).map(({ input }) => "value" in input && input.value);
  expect(values[0]).toBe(values[1]);
  expect(values.slice(2)).toEqual(["c", false]);
});
