import { expect, test } from "vitest";
import { parseSimRequest, UsageError } from "./sim-request.ts";

const TODAY = "2026-01-02";

test("without arguments it is the seed of the day", () => {
  expect(parseSimRequest([], TODAY)).toMatchObject({
    seeds: [TODAY],
    isSwarm: false,
    jobs: 1,
    log: undefined,
  });
});

test("seeds are counted from the first, words by a number behind them", () => {
  expect(parseSimRequest(["--seed", "7", "--seeds", "3"], TODAY).seeds).toEqual(["7", "8", "9"]);
  expect(parseSimRequest(["--seed", "word", "--seeds", "3"], TODAY).seeds).toEqual([
    "word",
    "word.1",
    "word.2",
  ]);
});

test("what is asked of the cluster is passed on, and nothing else: defaults hold", () => {
  const args = ["--nodes", "3", "--minutes", "0.5", "--fsync", "no", "--read", "one", "--write", "2"];
  expect(parseSimRequest(args, TODAY).wishes).toEqual({
    faultsMs: 30_000,
    nodes: 3,
    read: "one",
    write: 2,
    settings: { fsync: "no" },
  });
});

test("copies and strict writes are for nodes that have known each other: nobody can ask others for them", () => {
  expect(parseSimRequest(["--copies", "5", "--strict"], TODAY).wishes).toMatchObject({
    copies: 5,
    isSloppy: false,
    founds: false,
  });
});

test("--log may stand alone", () => {
  expect(parseSimRequest(["--log", "--seed", "1"], TODAY).log).toBe("events");
  expect(parseSimRequest(["--log", "packets"], TODAY).log).toBe("packets");
});

test.each([
  [["--sed", "7"], "--sed"],
  [["7"], "7"],
  [["--nodes", "0"], "--nodes 0: a whole number from 1"],
  [["--seeds", "1e9"], "--seeds 1e9"],
  [["--minutes", "-1"], "--minutes"],
  [["--storage", "tape"], "--storage tape: it is one of memory, disk"],
  [["--read", "most"], "--read most"],
  [["--seed", ""], "--seed is empty"],
])("%j is refused with what is wrong", (args, message) => {
  expect(() => parseSimRequest(args, TODAY)).toThrow(UsageError);
  expect(() => parseSimRequest(args, TODAY)).toThrow(message);
});

test("a scenario is played or written anew, and a failing run made small", () => {
  expect(parseSimRequest(["--scenario", "a.txt"], TODAY)).toMatchObject({
    scenario: "a.txt",
    rewrites: false,
  });
  expect(parseSimRequest(["--scenario", "a.txt", "--rewrite"], TODAY)).toMatchObject({ rewrites: true });
  expect(parseSimRequest(["--seed", "7", "--shrink"], TODAY)).toMatchObject({ seeds: ["7"], shrinks: true });
});
