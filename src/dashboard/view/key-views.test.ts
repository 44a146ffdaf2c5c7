/** What the explorer says of a key's copies. */
import { describe, expect, test } from "vitest";
import type { Dot, KeyAnswer, KeyReplica, Sibling } from "../api/answers.ts";
import { keyVerdict } from "./key-verdict.ts";
import { comparedSiblings, isConflict, joinedContext } from "./sibling-comparison.ts";

const dot = (actor: string, counter: number): Dot => ({ actor, counter });

function sibling(of: Dot, value: string): Sibling {
  const { length } = new TextEncoder().encode(value);
  const rest = { hlcMs: 0, expiresAtMs: null, kind: "value", bytes: length, valueEncoding: "utf8" } as const;
  return { dot: of, value, ...rest };
}

function replica(id: string, context: readonly Dot[], siblings: readonly Sibling[]): KeyReplica {
  return { id, state: siblings.length > 0 ? "present" : "tombstone", version: { context, siblings } };
}

function answer(replicas: readonly KeyReplica[], siblings: readonly Sibling[], identical = true): KeyAnswer {
  const place = {
    key: "k",
    slot: 1,
    keyspace: "default",
    preferenceList: replicas.map(({ id }) => id),
    fallbacks: [],
  };
  return { ...place, replicas, merged: { context: "c", siblings }, identical };
}

const tea = sibling(dot("x", 7), "green tea, hot");
const mate = sibling(dot("y", 3), "green mate, hot");
const both = [dot("x", 7), dot("y", 3)];
const conflict = answer([replica("a", both, [tea, mate]), replica("b", both, [tea, mate])], [tea, mate]);

describe("siblings", () => {
  test("each shows what it had seen, what it wrote, and whose write it had not seen", () => {
    const [first, second] = comparedSiblings(conflict);
    expect(first!.clock).toEqual([
      { actor: "x", seen: 6, wrote: 7, missesOthers: false },
      { actor: "y", seen: 2, wrote: undefined, missesOthers: true },
    ]);
    expect(second!.clock).toEqual([
      { actor: "x", seen: 6, wrote: undefined, missesOthers: true },
      { actor: "y", seen: 2, wrote: 3, missesOthers: false },
    ]);
  });

  test("of one actor, too, none has seen the other", () => {
    const later = sibling(dot("x", 9), "cocoa");
    const of = answer([replica("a", [dot("x", 9), dot("z", 4)], [tea, later])], [later, tea]);
    expect(comparedSiblings(of)[0]!.clock).toEqual([
      { actor: "x", seen: 6, wrote: 9, missesOthers: true },
      { actor: "z", seen: 4, wrote: undefined, missesOthers: false },
    ]);
  });

  test("what differs stands apart from what is the same", () => {
    expect(comparedSiblings(conflict).map(({ text }) => text)).toEqual([
      ["green ", "tea", ", hot"],
      ["green ", "mate", ", hot"],
    ]);
  });

  test("a value that begins as another ends is not cut twice", () => {
    const values = ["aa", "aaa"].map((value, i) => sibling(dot("x", i + 1), value));
    const texts = comparedSiblings(answer([], values)).map(({ text }) => text);
    expect(texts).toEqual([
      ["aa", "", ""],
      ["aa", "a", ""],
    ]);
  });

  test("one alone differs from nothing", () => {
    expect(comparedSiblings(answer([], [tea]))[0]!.text).toEqual(["green tea, hot", "", ""]);
  });

  test("who holds which is told", () => {
    const half = answer(
      [replica("a", both, [tea, mate]), replica("b", [dot("x", 7)], [tea])],
      [tea, mate],
      false,
    );
    expect(comparedSiblings(half).map(({ holders }) => holders)).toEqual([["a", "b"], ["a"]]);
  });

  test("only whole texts can be edited", () => {
    const cut = { ...tea, bytes: 100_000 };
    const binary = { ...mate, valueEncoding: "base64" } as const;
    expect(comparedSiblings(answer([], [tea, cut, binary])).map(({ isEditable }) => isEditable)).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe("the verdict", () => {
  const say = (of: KeyAnswer) => keyVerdict(of, (id) => `node ${id}`);

  test("all is well", () => {
    const copies = ["a", "b", "c"].map((id) => replica(id, [dot("x", 7)], [tea]));
    expect(say(answer(copies, [tea]))).toEqual({
      level: "ok",
      text: "All 3 replicas that answer hold the same value.",
    });
  });

  test("a conflict is told in words", () => {
    expect(say(conflict)).toMatchObject({ level: "warn" });
    expect(say(conflict).text).toContain("Two values were written at the same time");
  });

  test("who is behind is named, and who is silent", () => {
    const silent: KeyReplica = { id: "c", state: "unreachable" };
    const { level, text } = say(
      answer([replica("a", both, [mate]), replica("b", [dot("y", 3)], [mate]), silent], [mate], false),
    );
    expect(level).toBe("warn");
    expect(text).toContain("node b lacks the newest version");
    expect(text).toContain("node c does not answer.");
  });

  test("a counter is no conflict", () => {
    const parts = [dot("x", 7), dot("y", 3)].map((of) => ({ ...sibling(of, "2"), kind: "increment" }));
    const counter = answer([replica("a", both, parts), replica("b", both, parts)], parts);
    expect(isConflict(counter)).toBe(false);
    expect(isConflict(conflict)).toBe(true);
    expect(say(counter)).toMatchObject({ level: "ok" });
    expect(say(counter).text).toContain("A counter");
  });

  test("a deleted key is not one that never was", () => {
    expect(say(answer([replica("a", both, [])], [])).text).toContain("was deleted");
    expect(say(answer([{ id: "a", state: "missing" }], [])).text).toBe("No replica has this key.");
  });
});

test("contexts are joined by actor", () => {
  expect(joinedContext([[dot("y", 1), dot("x", 2)], [dot("x", 5)]])).toEqual([dot("x", 5), dot("y", 1)]);
});
