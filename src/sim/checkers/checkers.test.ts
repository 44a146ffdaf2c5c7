/** Each checker on histories written by hand: it must find the bad ones, and leave the good ones alone. */
import { describe, expect, test } from "vitest";
import { encodeContextToken } from "../../causality/context-token.ts";
import type { Aftermath, History } from "../history/history.ts";
import { ALL_CHECKERS, violationsOf } from "./all-checkers.ts";
import { answers, boundedQueues } from "./bounds.ts";
import type { Checker } from "./checker.ts";
import { convergence } from "./convergence.ts";
import { counters } from "./counters.ts";
import { dots } from "./dots.ts";
import { linearizable, measureLinearizability } from "./linearizable.ts";
import { lostWrites } from "./lost-writes.ts";
import { merkleSums } from "./merkle-sums.ts";
import { placement } from "./placement.ts";
import { resurrection } from "./resurrection.ts";
import { sessions } from "./sessions.ts";
import { siblings } from "./siblings.ts";
import {
  aftermathOf,
  cellOf,
  historyOf,
  STRICT,
  TAKEN_AT_MS,
  WEAK,
  withCopy,
} from "./written-history.oracle.ts";

function found(
  checker: Checker,
  history: History | string,
  aftermath: Aftermath = aftermathOf({}),
): string[] {
  const written = typeof history === "string" ? historyOf(history) : history;
  return checker.check(written, aftermath).map(({ message }) => message);
}

const NOTHING = aftermathOf({ k: [] });
const A = aftermathOf({ k: ["a"] });
const B = aftermathOf({ k: ["b"] });
const AB = aftermathOf({ k: ["b", "a"] });

test("a good history of all families breaks nothing", () => {
  const history = historyOf(`
    c0 0-5 SET k a
    c1 6-9 GET k = a
    c0 10-? SET k b
    c1 20-25 GET k = b
    c0 30-35 INCR n = 1
    c1 40-45 GET n = 1
  `);
  const aftermath = aftermathOf({ k: ["b"], n: ["1"] });
  expect(violationsOf(history, aftermath)).toEqual([]);
  expect(new Set(ALL_CHECKERS.map(({ name }) => name)).size).toBe(12);
});

describe("lost writes", () => {
  test("an acknowledged write must be there, or replaced by one that may have seen it", () => {
    expect(found(lostWrites, "c0 0-5 SET k a", A)).toEqual([]);
    expect(found(lostWrites, "c0 0-5 SET k a", NOTHING)).toHaveLength(1);
    const two = "c0 0-5 SET k a\n c0 10-15 SET k b";
    expect(found(lostWrites, two, B)).toEqual([]);
    expect(found(lostWrites, two, A)).toEqual([expect.stringContaining("SET k b was acknowledged")]);
    expect(found(lostWrites, two, NOTHING)).toHaveLength(2);
  });

  test("of two that overlap, either may be the one that is left", () => {
    const two = "c0 0-15 SET k a\n c1 10-20 SET k b";
    for (const aftermath of [A, B, AB]) expect(found(lostWrites, two, aftermath)).toEqual([]);
    expect(found(lostWrites, two, NOTHING)).toHaveLength(2);
  });

  test("a deletion accounts for what it may have seen, and for nothing later", () => {
    expect(found(lostWrites, "c0 0-5 SET k a\n c1 10-15 DEL k = 1", NOTHING)).toEqual([]);
    expect(found(lostWrites, "c0 0-5 SET k a\n c1 10-? DEL k", NOTHING)).toEqual([]);
    expect(found(lostWrites, "c0 0-5 SET k a\n c1 10-15 DEL k = 0", NOTHING)).toHaveLength(1);
    expect(found(lostWrites, "c1 0-5 DEL k = 1\n c0 10-15 SET k a", NOTHING)).toHaveLength(1);
    expect(found(lostWrites, "c0 0-5 SET k a\n c1 10-15 DEL k !", NOTHING)).toHaveLength(1);
  });

  test("what may have replaced it must be accounted for, too", () => {
    const chain = "c0 0-5 SET k a\n c1 10-15 SET k b\n c1 20-25 SET k c !";
    expect(found(lostWrites, chain, NOTHING)).toHaveLength(2);
    expect(found(lostWrites, "c0 0-5 SET k a\n c1 10-? SET k b", NOTHING)).toHaveLength(1);
    expect(found(lostWrites, "c0 0-5 SET k a\n c1 10-? SET k b", B)).toEqual([]);
  });

  test("a write may go by its expiry, once that can have come", () => {
    expect(found(lostWrites, "c0 0-5 SET k a PX 50", NOTHING)).toEqual([]);
    expect(found(lostWrites, `c0 0-5 SET k a PX ${TAKEN_AT_MS + 1}`, NOTHING)).toHaveLength(1);
    expect(found(lostWrites, "c0 0-5 SET k a\n c0 6-9 PEXPIRE k 50 = 1", NOTHING)).toEqual([]);
  });

  test("a KV.PUT replaces what its context has seen, and nothing else", () => {
    const seen = "c0 0-5 KV.PUT k a = t1\n c1 6-8 KV.GET k = t2 a\n c1 10-15 KV.PUT k b CONTEXT t2 = t3";
    const blind = "c0 0-5 KV.PUT k a = t1\n c1 6-8 KV.GET k = t2\n c1 10-15 KV.PUT k b CONTEXT t2 = t3";
    expect(found(lostWrites, seen, B)).toEqual([]);
    expect(found(lostWrites, blind, B)).toEqual([expect.stringContaining("KV.PUT k a")]);
    expect(found(lostWrites, blind, AB)).toEqual([]);
  });
});

describe("siblings", () => {
  test("what was replaced by its context must not be beside the new value", () => {
    const token = (...values: string[]): string => encodeContextToken(cellOf(values));
    const history = `c0 0-5 KV.PUT k a = t1\n c1 10-15 KV.PUT k b CONTEXT ${token("a")} = t3`;
    expect(found(siblings, history, aftermathOf({ k: [] }))).toEqual([]);
    expect(found(siblings, history, A)).toEqual([expect.stringContaining("operation 1 had replaced it")]);
    expect(found(siblings, history.replace("15", "?").replace(" = t3", ""), A)).toEqual([]);
    // The context has seen a1, and not b1.
    expect(found(siblings, history, aftermathOf({ k: ["a", "b"] }))).toHaveLength(1);
  });

  test("nor may a read show it, that began later", () => {
    const history = "c0 0-5 KV.PUT k a = t1\n c0 10-15 KV.DEL k CONTEXT t1 = 1\n c1 20-25 KV.GET k = t2 a";
    expect(found(siblings, history, NOTHING)).toHaveLength(1);
    expect(found(siblings, history.replace("20-25", "12-25"), NOTHING)).toEqual([]);
    expect(found(siblings, historyOf(history, WEAK), NOTHING)).toEqual([]);
  });

  test("nobody is shown what nobody wrote, or not before it was", () => {
    expect(found(siblings, "c0 0-5 GET k = a", A)).toHaveLength(1);
    expect(found(siblings, "c0 0-5 GET k = a\n c1 6-9 SET k a", A)).toHaveLength(1);
    expect(found(siblings, "c0 0-5 SET k a !\n c1 6-9 GET k = a", A)).toHaveLength(1);
    expect(found(siblings, "c0 0-? SET k a\n c1 6-9 GET k = a", A)).toEqual([]);
  });
});

describe("convergence", () => {
  const write = "c0 0-5 SET k a";
  test("all replicas hold the same", () => {
    expect(found(convergence, write, A)).toEqual([]);
    expect(found(convergence, write, withCopy(A, "n2", "k", cellOf(["b"])))).toHaveLength(1);
    expect(found(convergence, write, withCopy(A, "n3", "k", undefined))).toHaveLength(1);
  });

  test("a forgotten deletion, or a forgotten expired row, is as good as a remembered one", () => {
    expect(found(convergence, write, withCopy(NOTHING, "n2", "k", undefined))).toEqual([]);
    expect(found(convergence, write, withCopy(NOTHING, "n2", "k", cellOf(["a"], TAKEN_AT_MS - 1)))).toEqual(
      [],
    );
    expect(
      found(convergence, write, withCopy(NOTHING, "n2", "k", cellOf(["a"], TAKEN_AT_MS + 1))),
    ).toHaveLength(1);
  });

  test("who should not hold it need not", () => {
    const elsewhere = { ...withCopy(A, "n3", "k", undefined), placement: new Map([["k", ["n1", "n2"]]]) };
    expect(found(convergence, write, elsewhere)).toEqual([]);
  });

  test("all nodes run, by one plan", () => {
    expect(found(convergence, write, { ...A, nodesDown: ["n2"] })).toEqual(["n2 does not run again"]);
    const plans = new Map([...A.plans, ["n2", "epoch 2 of n1 n2"]]);
    expect(found(convergence, write, { ...A, plans })).toEqual([expect.stringContaining("n2: epoch 2")]);
    const moves = ["the join of n4 is streaming"];
    expect(found(convergence, write, { ...A, moves })).toEqual([expect.stringContaining(moves[0]!)]);
  });
});

describe("resurrection", () => {
  const deleted = "c0 0-5 SET k a\n c1 10-15 DEL k = 1\n";
  test("what was deleted is not read again, nor there at the end", () => {
    expect(found(resurrection, deleted, NOTHING)).toEqual([]);
    expect(found(resurrection, deleted, A)).toEqual([expect.stringContaining("a at the end is back")]);
    expect(found(resurrection, `${deleted} c1 20-25 GET k = a`, NOTHING)).toHaveLength(1);
    expect(found(resurrection, `${deleted} c1 12-25 GET k = a`, NOTHING)).toEqual([]);
  });

  test("what was written meanwhile, or by a write that may still come, is not back but there", () => {
    expect(found(resurrection, "c0 0-12 SET k a\n c1 10-15 DEL k = 1", A)).toEqual([]);
    expect(found(resurrection, "c0 0-? SET k a\n c1 10-15 DEL k = 1", A)).toEqual([]);
    expect(found(resurrection, "c0 0-5 SET k a\n c1 10-? DEL k", A)).toEqual([]);
    expect(found(resurrection, historyOf(deleted, WEAK), A)).toEqual([]);
  });

  test("what has expired is not read again, as far as clocks can be trusted", () => {
    const expired = "c0 0-5 SET k a PX 50\n c1 60-65 GET k = a";
    expect(found(resurrection, expired, NOTHING)).toHaveLength(1);
    expect(found(resurrection, expired.replace("60-65", "54-65"), NOTHING)).toEqual([]);
    expect(found(resurrection, historyOf(expired, { ...STRICT, clockErrorMsMax: 3 }), NOTHING)).toEqual([]);
    const { clockErrorMsMax: _, ...unknown } = STRICT;
    expect(found(resurrection, historyOf(expired, unknown), NOTHING)).toEqual([]);
  });

  test("an expiry that was put off, or taken away, has not come", () => {
    const late = "c1 60-65 GET k = a";
    expect(found(resurrection, `c0 0-5 SET k a PX 50\n c1 6-9 PEXPIRE k 99 = 1\n ${late}`, NOTHING)).toEqual(
      [],
    );
    expect(found(resurrection, `c0 0-5 SET k a PX 50\n c1 6-? PERSIST k\n ${late}`, NOTHING)).toEqual([]);
    expect(
      found(resurrection, `c0 0-5 SET k a PX 50\n c1 6-9 PERSIST k = 0\n ${late}`, NOTHING),
    ).toHaveLength(1);
  });
});

describe("counters", () => {
  const shows = (count: number): Aftermath => aftermathOf({ n: [String(count)] });
  test("count exactly what was acknowledged", () => {
    const history = "c0 0-5 INCR n = 1\n c1 0-5 INCRBY n 4 = 5\n c1 6-9 DECR n = 4\n c1 6-9 INCR n !";
    expect(found(counters, history, shows(4))).toEqual([]);
    expect(found(counters, history, shows(5))).toHaveLength(1);
    expect(found(counters, history, aftermathOf({ n: [] }))).toHaveLength(1);
  });

  test("and each unknown change once, or not", () => {
    const history = "c0 0-5 INCR n = 1\n c1 0-? INCRBY n 4\n c1 6-? DECRBY n 2";
    for (const count of [1, 5, -1, 3]) expect(found(counters, history, shows(count))).toEqual([]);
    for (const count of [0, 2, 9]) expect(found(counters, history, shows(count))).toHaveLength(1);
  });

  test("a read shows all that was acknowledged before it, and some of what was under way", () => {
    const history = "c0 0-5 INCR n = 1\n c1 10-30 INCRBY n 4 = 5\n c2 15-20 GET n = ";
    for (const count of [1, 5]) expect(found(counters, `${history}${count}`, shows(5))).toEqual([]);
    for (const count of [0, 4]) expect(found(counters, `${history}${count}`, shows(5))).toHaveLength(1);
    expect(found(counters, historyOf(`${history}0`, WEAK), shows(5))).toEqual([]);
  });

  test("very many unknown changes are bounded by their sum", () => {
    const unknown = Array.from({ length: 60 }, (_, i) => `c1 ${i}-? INCRBY n ${2 ** i}`).join("\n");
    expect(found(counters, `c0 0-5 INCR n = 1\n ${unknown}`, shows(77))).toEqual([]);
    expect(found(counters, `c0 0-5 INCR n = 1\n ${unknown}`, shows(0))).toHaveLength(1);
  });
});

describe("sessions", () => {
  test("a client reads what it wrote, or what may have replaced it", () => {
    expect(found(sessions, "c0 0-5 SET k a\n c0 6-9 GET k = a")).toEqual([]);
    expect(found(sessions, "c0 0-5 SET k a\n c0 6-9 GET k = nil")).toHaveLength(1);
    expect(found(sessions, "c0 0-5 SET k a\n c1 0-7 SET k b\n c0 6-9 GET k = b")).toEqual([]);
    expect(found(sessions, "c1 0-2 SET k b\n c0 3-5 SET k a\n c0 6-9 GET k = b")).toHaveLength(1);
    expect(found(sessions, "c1 0-? SET k b\n c0 3-5 SET k a\n c0 6-9 GET k = b")).toEqual([]);
  });

  test("a client that has read a value reads nothing older", () => {
    const begin = "c0 0-5 SET k a\n c0 10-15 SET k b\n c1 16-19 GET k = b\n c1 20-25 GET k = ";
    expect(found(sessions, `${begin}b`)).toEqual([]);
    expect(found(sessions, `${begin}a`)).toHaveLength(1);
    expect(found(sessions, `${begin}nil`)).toHaveLength(1);
    expect(found(sessions, `${begin}a`.replace("c1 20", "c2 20"))).toEqual([]);
    expect(found(sessions, `c2 3-22 DEL k = 1\n ${begin}nil`)).toEqual([]);
  });

  test("of concurrent values KV.GET must show all that the client knows", () => {
    const begin = "c0 0-5 KV.PUT k a = t1\n c1 0-5 KV.PUT k b = t2\n c0 10-15 KV.GET k = t3 ";
    expect(found(sessions, `${begin}b a`)).toEqual([]);
    expect(found(sessions, `${begin}b`)).toEqual([expect.stringContaining("had written a")]);
  });

  test("what is not promised is not looked for", () => {
    const stale = "c0 0-5 SET k a\n c0 6-9 GET k = nil";
    expect(found(sessions, historyOf(stale, WEAK))).toEqual([]);
    expect(found(sessions, historyOf(stale, { ...STRICT, isLinearizable: false }))).toEqual([]);
  });

  test("a value that may have expired need not be shown", () => {
    expect(found(sessions, "c0 0-5 SET k a PX 4\n c0 6-9 GET k = nil")).toEqual([]);
    expect(found(sessions, "c0 0-5 SET k a PX 40\n c0 6-9 GET k = nil")).toHaveLength(1);
  });
});

describe("linearizability", () => {
  const stale = "c0 0-5 SET k a\n c1 6-9 GET k = nil";
  test("is looked for where it is promised, on keys of plain commands", () => {
    expect(found(linearizable, "c0 0-5 SET k a\n c1 6-9 GET k = a")).toEqual([]);
    expect(found(linearizable, stale)).toHaveLength(1);
    expect(found(linearizable, historyOf(stale, WEAK))).toEqual([]);
    expect(found(linearizable, `${stale}\n c0 9-10 GETSET k c = a`)).toEqual([]);
  });

  test("is measured everywhere", () => {
    const history = historyOf(
      `${stale}\n c0 0-1 SET j a\n c0 2-3 GET j = a\n c0 4-5 INCR n = 2\n c0 9-9 KV.GET v = t`,
      WEAK,
    );
    expect(measureLinearizability(history)).toEqual({ keys: 3, violated: 2, undecided: 0 });
  });

  test("conditions and expiries are understood", () => {
    const measured = (text: string): number => measureLinearizability(historyOf(text)).violated;
    expect(measured("c0 0-5 SET k a PX 10\n c1 6-9 GET k = a\n c1 20-25 GET k = nil")).toBe(0);
    expect(measured("c0 0-5 SET k a PX 10\n c1 20-25 GET k = a")).toBe(1);
    expect(measured("c0 0-5 SET k a\n c1 6-9 SET k b NX\n c1 20-25 GET k = b")).toBe(1);
    expect(
      measured("c0 0-5 SET k a\n c1 6-9 SET k b XX\n c1 20-25 GETDEL k = b\n c1 26-27 GET k = nil"),
    ).toBe(0);
  });
});

test("placement: as many copies as promised, on distinct machines", () => {
  expect(found(placement, "", A)).toEqual([]);
  const shared = new Map([...A.machines, ["n2", "machine of n1"]]);
  expect(found(placement, "", { ...A, machines: shared })).toHaveLength(1);
  expect(found(placement, "", { ...A, placement: new Map([["k", ["n1", "n2"]]]) })).toHaveLength(1);
  const few = { ...A, machines: shared, placement: new Map([["k", ["n1", "n3"]]]) };
  expect(found(placement, "", few)).toEqual([
    "n2 should not have it; these should: n1 on machine of n1, n3 on machine of n3",
  ]);
  expect(
    found(placement, "", {
      ...few,
      ...withCopy(A, "n2", "k", undefined),
      ...{ machines: shared, placement: few.placement },
    }),
  ).toEqual([]);
});

test("placement: what is promised is promised of each datacenter, as far as it has machines", () => {
  const apart = new Map([
    ["n1", "dc1"],
    ["n2", "dc2"],
    ["n3", "dc2"],
  ]);
  expect(found(placement, "", { ...A, datacenters: apart })).toEqual([]);
  const lacking = withCopy(A, "n3", "k", undefined);
  const two = { ...lacking, datacenters: apart, placement: new Map([["k", ["n1", "n2"]]]) };
  expect(found(placement, "", two)).toEqual([expect.stringContaining("2 machines hold it, 3 should")]);
  const single = historyOf("", { ...STRICT, copies: 1 });
  expect(found(placement, single, two)).toEqual([]);
});

test("dots: one dot, one write", () => {
  const dot = { actor: "a", counter: 1, key: "k", content: "x", node: "n1" };
  expect(
    found(dots, "", { ...A, dots: [dot, { ...dot, node: "n2" }, { ...dot, counter: 2, content: "y" }] }),
  ).toEqual([]);
  expect(found(dots, "", { ...A, dots: [dot, { ...dot, content: "y" }] })).toHaveLength(1);
  expect(found(dots, "", { ...A, dots: [dot, { ...dot, key: "j" }] })).toHaveLength(1);
});

test("merkle sums, queues and answers", () => {
  const sum = { node: "n1", slot: 7, kept: "ab", scanned: "ab" };
  expect(found(merkleSums, "", { ...A, sums: [sum] })).toEqual([]);
  expect(found(merkleSums, "", { ...A, sums: [sum, { ...sum, scanned: "cd" }] })).toHaveLength(1);
  const queue = { node: "n1", name: "hints", longest: 10, bound: 10 };
  expect(found(boundedQueues, "", { ...A, queues: [queue] })).toEqual([]);
  expect(found(boundedQueues, "", { ...A, queues: [{ ...queue, longest: 11 }] })).toHaveLength(1);
  expect(found(answers, "c0 0-5 SET k a\n c0 6-10006 GET k = a", A)).toEqual([]);
  expect(found(answers, "c0 0-5 SET k a\n c0 6-10007 GET k = a", A)).toHaveLength(1);
  expect(found(answers, "c0 0-5 SET k a", { ...A, unanswered: [0] })).toHaveLength(1);
});
