import { expect, test } from "vitest";
import type { Call } from "./call.ts";
import { type CounterInput, counterModel } from "./counter-model.ts";
import { linearize } from "./linearization-search.ts";
import { NO_EXPIRY, type RegisterInput, registerModel } from "./register-model.ts";

const UNKNOWN = Infinity;

function call<Input>(client: number, invokedAtMs: number, endedAtMs: number, input: Input): Call<Input> {
  return { client, invokedAtMs, endedAtMs, input };
}

function set(value: string, life = NO_EXPIRY): RegisterInput {
  return { kind: "set", value, life };
}

function get(answer: string | null): RegisterInput {
  return { kind: "get", answer };
}

function judge(calls: readonly Call<RegisterInput>[]): string {
  return linearize(calls, registerModel).kind;
}

test("calls that do not overlap must answer in their order", () => {
  expect(judge([call(0, 0, 1, set("a")), call(1, 2, 3, get("a"))])).toBe("linearizable");
  expect(judge([call(0, 0, 1, set("a")), call(1, 2, 3, get(null))])).toBe("violated");
});

test("the order found explains the picture in the search's header", () => {
  const calls = [
    call(0, 0, 10, set("a")),
    call(1, 5, 25, set("b")),
    call(2, 11, 20, get("b")),
    call(0, 30, 40, get("a")),
  ];
  expect(judge(calls)).toBe("violated");
  const open = calls.with(0, call(0, 0, 22, set("a")));
  expect(linearize(open, registerModel)).toEqual({ kind: "linearizable", order: [1, 2, 0, 3] });
});

test("a read may not go back behind what another read has shown", () => {
  const calls = [call(0, 0, 100, set("a")), call(1, 10, 20, get("a")), call(2, 30, 40, get(null))];
  expect(judge(calls)).toBe("violated");
  expect(judge([calls[0]!, call(1, 10, 35, get("a")), calls[2]!])).toBe("linearizable");
});

test("says which call no order gets past, and which were open with it", () => {
  const calls = [
    call(0, 0, 1, set("a")),
    call(1, 2, 9, set("b")),
    call(2, 3, 4, get("a")),
    call(0, 10, 11, get("a")),
    call(0, 12, 13, get("b")),
  ];
  expect(linearize(calls, registerModel)).toEqual({ kind: "violated", stuckAt: 3, around: [3] });
});

test("an unknown write may take effect long after, or never, but not twice", () => {
  const unknown = call(0, 0, UNKNOWN, set("a"));
  expect(judge([unknown, call(1, 50, 51, get(null))])).toBe("linearizable");
  expect(judge([unknown, call(1, 50, 51, get(null)), call(1, 90, 91, get("a"))])).toBe("linearizable");
  expect(judge([unknown, call(1, 50, 51, get("a")), call(1, 90, 91, get(null))])).toBe("violated");
  const twice = [
    unknown,
    call(1, 50, 51, get("a")),
    call(1, 60, 61, set("b")),
    call(1, 70, 71, get("b")),
    call(1, 90, 91, get("a")),
  ];
  expect(judge(twice)).toBe("violated");
});

test("an unknown write does nothing before it began", () => {
  expect(judge([call(1, 0, 1, get("a")), call(0, 2, UNKNOWN, set("a"))])).toBe("violated");
});

test("of two unknown deletions alike, each may be used once", () => {
  const deletion: RegisterInput = { kind: "delete", answer: undefined };
  const calls = [
    call(0, 0, UNKNOWN, deletion),
    call(1, 1, 2, set("a")),
    call(2, 3, UNKNOWN, deletion),
    call(1, 4, 5, get(null)),
    call(1, 6, 7, set("b")),
    call(1, 8, 9, get(null)),
  ];
  expect(judge(calls)).toBe("linearizable");
  expect(judge(calls.toSpliced(2, 1))).toBe("violated");
});

test("a client's calls keep their order where the times are equal; others' need not", () => {
  expect(judge([call(0, 5, 5, set("a")), call(0, 5, 5, get(null))])).toBe("violated");
  expect(judge([call(0, 5, 5, set("a")), call(1, 5, 5, get(null))])).toBe("linearizable");
});

test("deleted is deleted", () => {
  const begin = [call(0, 0, 1, set("a")), call(0, 2, 3, { kind: "delete", answer: true } as const)];
  expect(judge([...begin, call(1, 4, 5, get(null))])).toBe("linearizable");
  expect(judge([...begin, call(1, 4, 5, get("a"))])).toBe("violated");
});

test("a value is gone once its expiry must have come, and may be from when it can have", () => {
  const begin = [call(0, 0, 1, set("a", 7))];
  const expiry = call<RegisterInput>(-1, 100, 120, { kind: "expire", life: 7 });
  expect(judge([...begin, call(1, 50, 51, get(null)), expiry])).toBe("violated");
  expect(judge([...begin, expiry, call(1, 110, 111, get(null))])).toBe("linearizable");
  expect(judge([...begin, expiry, call(1, 110, 111, get("a"))])).toBe("linearizable");
  expect(judge([...begin, expiry, call(1, 121, 122, get("a"))])).toBe("violated");
  expect(judge([...begin, expiry, call(1, 108, 109, get(null)), call(1, 110, 111, get("a"))])).toBe(
    "violated",
  );
});

test("a value that was set anew, renewed or made to persist outlives the old expiry", () => {
  const begin = [call(0, 0, 1, set("a", 7))];
  const expiry = call<RegisterInput>(-1, 100, 120, { kind: "expire", life: 7 });
  const late = call(1, 121, 122, get("a"));
  for (const input of [
    set("a"),
    { kind: "renew", life: 8, answer: true },
    { kind: "persist", answer: true },
  ] as const) {
    expect(judge([...begin, call(0, 2, 3, input), expiry, late])).toBe("linearizable");
  }
  expect(judge([...begin, call(0, 2, 3, { kind: "persist", answer: false }), expiry, late])).toBe("violated");
});

test("conditions, swaps, appends and takes answer what was there", () => {
  const nx = (answer: boolean): RegisterInput => ({
    kind: "set-if",
    present: false,
    value: "b",
    life: 0,
    answer,
  });
  const swap = (answer: string | null): RegisterInput => ({ kind: "swap", value: "c", life: 0, answer });
  const set1 = call(0, 0, 1, set("a"));
  expect(judge([set1, call(0, 2, 3, nx(false)), call(0, 4, 5, get("a"))])).toBe("linearizable");
  expect(judge([set1, call(0, 2, 3, nx(true))])).toBe("violated");
  expect(judge([call(0, 0, 1, nx(true)), call(0, 2, 3, nx(true))])).toBe("violated");
  expect(judge([set1, call(0, 2, 3, swap("a")), call(0, 4, 5, get("c"))])).toBe("linearizable");
  expect(judge([set1, call(0, 2, 3, swap(null))])).toBe("violated");
  const append: RegisterInput = { kind: "append", suffix: "xy", length: 3 };
  expect(judge([set1, call(0, 2, 3, append), call(0, 4, 5, get("axy"))])).toBe("linearizable");
  expect(judge([call(0, 2, 3, append)])).toBe("violated");
  expect(judge([set1, call(0, 2, 3, { kind: "take", answer: "a" }), call(0, 4, 5, get(null))])).toBe(
    "linearizable",
  );
  expect(judge([set1, call(0, 2, 3, { kind: "exists", answer: false })])).toBe("violated");
});

test("a counter's answers name their place", () => {
  const add = (answer: bigint | undefined): CounterInput => ({ kind: "add", by: 1n, answer });
  const counted = (calls: readonly Call<CounterInput>[]): string => linearize(calls, counterModel).kind;
  expect(counted([call(0, 0, 9, add(2n)), call(1, 0, 9, add(1n))])).toBe("linearizable");
  expect(counted([call(0, 0, 9, add(1n)), call(1, 0, 9, add(1n))])).toBe("violated");
  expect(counted([call(0, 0, UNKNOWN, add(undefined)), call(1, 5, 9, add(2n))])).toBe("linearizable");
  expect(counted([call(0, 0, 1, { kind: "set", to: 5n }), call(1, 5, 9, add(6n))])).toBe("linearizable");
  expect(counted([call(0, 0, 1, { kind: "get", answer: 0n })])).toBe("violated");
  const gone = call<CounterInput>(0, 2, 3, { kind: "delete", answer: true });
  expect(counted([call(0, 0, 1, add(1n)), gone, call(1, 5, 9, add(1n))])).toBe("linearizable");
});

test("gives up at the bound, and says so", () => {
  const writers = Array.from({ length: 12 }, (_, i) => call(i, 0, 10, set(`v${i}`)));
  const verdict = linearize([...writers, call(0, 11, 12, get("nobody's"))], registerModel, { triesMax: 100 });
  expect(verdict).toEqual({ kind: "undecided", triedCount: 101 });
});
