import { expect, test } from "vitest";
import type { CopyTally } from "../cluster/copy-tally.ts";
import { clusterVerdict, type SeenCluster } from "./cluster-sentence.ts";

const slots = 16_384;
const whole: CopyTally = {
  ...{ copies: 3, copiesWished: 3, slots, slotsShort: 0, slotsWithoutQuorum: 0, fewestUp: 3 },
};
const up = (name: string) => ({ name, isUp: true, hintsPending: 0 });
const down = (name: string, hintsPending = 0) => ({ name, isUp: false, hintsPending });
const three = [up("node-1"), up("node-2"), up("node-3")];

function verdict(seen: Partial<SeenCluster>): string {
  const all = { members: three, tally: whole, move: undefined, diskRefusal: undefined };
  const { level, sentence } = clusterVerdict({ ...all, ...seen });
  return `${level}: ${sentence}`;
}

test("all is well", () => {
  expect(verdict({})).toBe("ok: All 3 nodes are up; every key has its 3 copies.");
  const alone = { ...whole, copies: 1, copiesWished: 1 };
  expect(verdict({ members: [up("a")], tally: alone })).toBe("ok: One node is up; every key has one copy.");
});

test("fewer machines than copies are wished for", () => {
  expect(verdict({ members: three.slice(1), tally: { ...whole, copies: 2 } })).toBe(
    "warn: All 2 nodes are up; every key has 2 of the 3 copies wished for: that takes more machines.",
  );
});

test("one of three is down, with what waits for it", () => {
  const members = [up("node-1"), down("node-2", 1204), up("node-3")];
  expect(verdict({ members, tally: { ...whole, slotsShort: slots, fewestUp: 2 } })).toBe(
    "warn: node-2 is down: every key still has 2 of its 3 copies; reads and writes go on; 1,204 hints wait for it.",
  );
});

test("one of five is down: only some keys miss a copy", () => {
  const members = [...three, up("node-4"), down("node-5", 1)];
  expect(verdict({ members, tally: { ...whole, slotsShort: slots * 0.6, fewestUp: 2 } })).toBe(
    "warn: node-5 is down: 60% of the keys have 2 of their 3 copies; reads and writes go on; 1 hint waits for it.",
  );
});

test("a majority is down", () => {
  const tally = { ...whole, slotsShort: slots, slotsWithoutQuorum: slots, fewestUp: 1 };
  expect(verdict({ members: [up("a"), down("b"), down("c")], tally })).toBe(
    "bad: b and c are down: every key still has 1 of its 3 copies; no quorum can be reached, so reads and writes at quorum fail.",
  );
  const some = { ...whole, slotsShort: slots, slotsWithoutQuorum: 40, fewestUp: 0 };
  expect(verdict({ members: [up("a"), down("b"), down("c"), down("d", 3)], tally: some })).toBe(
    "bad: b, c and d are down: of every key not all copies can be reached, and of some none; " +
      "reads and writes at quorum fail for 1% of the keys; 3 hints wait for them.",
  );
});

test("a move, and a disk that takes no writes", () => {
  expect(verdict({ move: { kind: "join", name: "node-4", part: 0.999 } })).toBe(
    "ok: All 3 nodes are up; every key has its 3 copies; slots are on their way (join of node-4, 99%).",
  );
  expect(verdict({ diskRefusal: "disk full" })).toBe(
    "bad: This node's disk takes no writes (disk full); All 3 nodes are up; every key has its 3 copies.",
  );
});
