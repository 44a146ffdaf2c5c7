/** The search must say what trying every order says, and an order it gives must be one. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Call, SequentialModel } from "./call.ts";
import { type CounterInput, counterModel } from "./counter-model.ts";
import { isLinearizableByBruteForce } from "./every-order.oracle.ts";
import { linearize } from "./linearization-search.ts";
import { type RegisterInput, registerModel } from "./register-model.ts";

const value = fc.constantFrom("a", "b", "c");
const life = fc.constantFrom(0, 0, 1, 2);
const found = fc.option(value);

const registerInput: fc.Arbitrary<RegisterInput> = fc.oneof(
  fc.record({ kind: fc.constant("get" as const), answer: found }),
  fc.record({ kind: fc.constant("get" as const), answer: found }),
  fc.record({ kind: fc.constant("exists" as const), answer: fc.boolean() }),
  fc.record({ kind: fc.constant("set" as const), value, life }),
  fc.record({ kind: fc.constant("set" as const), value, life }),
  fc.record({
    kind: fc.constant("set-if" as const),
    present: fc.boolean(),
    value,
    life,
    answer: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("swap" as const), value, life, answer: found }),
  fc.record({ kind: fc.constant("delete" as const), answer: fc.boolean() }),
  fc.record({ kind: fc.constant("take" as const), answer: found }),
  fc.record({ kind: fc.constant("renew" as const), life, answer: fc.boolean() }),
  fc.record({ kind: fc.constant("persist" as const), answer: fc.boolean() }),
  fc.record({ kind: fc.constant("expire" as const), life: fc.constantFrom(1, 2) }),
);

const small = fc.bigInt({ min: 0n, max: 3n });
const counterInput: fc.Arbitrary<CounterInput> = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), by: fc.constantFrom(1n, 2n), answer: small }),
  fc.record({ kind: fc.constant("get" as const), answer: fc.option(small) }),
  fc.record({ kind: fc.constant("set" as const), to: small }),
  fc.record({ kind: fc.constant("delete" as const), answer: fc.boolean() }),
);

function history<Input>(input: fc.Arbitrary<Input>): fc.Arbitrary<Call<Input>[]> {
  const timed = fc.record({
    input,
    client: fc.nat(2),
    invokedAtMs: fc.nat(12),
    lengthMs: fc.oneof(fc.nat(2), fc.nat(8)),
    isUnknown: fc.integer({ min: 0, max: 2 }).map((n) => n === 0),
  });
  return fc.array(timed, { maxLength: 7 }).map((calls) =>
    calls
      .map(({ input, client, invokedAtMs, lengthMs, isUnknown }) => ({
        input: isUnknown && !isReading(input) ? { ...input, answer: undefined } : input,
        client,
        invokedAtMs,
        endedAtMs: isUnknown ? Infinity : invokedAtMs + lengthMs,
      }))
      .sort((a, b) => a.invokedAtMs - b.invokedAtMs),
  );
}

function isReading(input: unknown): boolean {
  const { kind } = input as { kind: string };
  return kind === "get" || kind === "exists";
}

function agrees<State, Input>(
  calls: readonly Call<Input>[],
  model: SequentialModel<State, Input>,
  seen: Map<string, number>,
): void {
  const verdict = linearize(calls, model);
  seen.set(verdict.kind, (seen.get(verdict.kind) ?? 0) + 1);
  expect(verdict.kind === "linearizable").toBe(isLinearizableByBruteForce(calls, model));
  if (verdict.kind !== "linearizable") return;
  expect(new Set(verdict.order).size).toBe(verdict.order.length);
  for (const [i, { endedAtMs }] of calls.entries()) {
    if (endedAtMs !== Infinity) expect(verdict.order).toContain(i);
  }
  let state: State | undefined = model.initial;
  for (const [at, index] of verdict.order.entries()) {
    state = model.step(state!, calls[index]!.input);
    expect(state).toBeDefined();
    const later = verdict.order.slice(at + 1);
    expect(later.some((other) => calls[other]!.endedAtMs < calls[index]!.invokedAtMs)).toBe(false);
  }
}

test.each([
  ["register", history(registerInput), registerModel],
  ["counter", history(counterInput), counterModel],
] as const)("%s: says what every order says", (_, calls, model) => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(calls as fc.Arbitrary<Call<unknown>[]>, (history) =>
      agrees(history, model as SequentialModel<unknown, unknown>, seen),
    ),
    { numRuns: 4_000 },
  );
  // Neither verdict is so rare that it goes untested.
  expect(seen.get("linearizable")).toBeGreaterThan(200);
  expect(seen.get("violated")).toBeGreaterThan(200);
});
