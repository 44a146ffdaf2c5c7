/** The ring's plan, picture and walks. */
import { describe, expect, test } from "vitest";
import type { Member, RingAnswer, StatusAnswer } from "../api/answers.ts";
import { keyWalk } from "./key-walk.ts";
import { bandArcs, movingArcs, pathsById, pointAt, sectorPath, slotAtPoint } from "./ring-picture.ts";
import { rangeIndexAt, ringPlan } from "./ring-plan.ts";

function member(id: string, place: Partial<Member> = {}): Member {
  return {
    ...{ id, host: "h", port: 1, peerPort: 2, datacenter: "dc", rack: "r", machine: id, weight: 1 },
    ...{ state: "member", up: true, self: false, hintsPending: 0, slots: 0, share: 0 },
    ...place,
  } as Member;
}

function status(members: readonly Member[], copies: number, far?: number): StatusAnswer {
  const copiesByDatacenter = { dc: copies, ...(far === undefined ? {} : { far }) };
  const levels = { read: "quorum", write: "quorum", readsSeeWrites: "always" };
  const rules = { mode: "ap", storage: "disk", ttlMs: 0, conflictRule: "newest" };
  const keyspaces = [{ name: "default", copies, copiesByDatacenter, ...levels, ...rules }];
  return { clusterId: "c", epoch: 1, self: "a", sentence: "", level: "ok", members, keyspaces, move: null };
}

function ring(tokens: Record<string, number[]>, next: Record<string, number[]> | null = null): RingAnswer {
  const owners = (of: Record<string, number[]>) =>
    Object.entries(of).map(([id, tokens]) => ({ id, name: id, tokens }));
  return { slots: 16384, members: owners(tokens), next: next && { members: owners(next) } };
}

const three = [member("a"), member("b"), member("c")];

describe("the plan", () => {
  test("a range ends at a token, and its copies are the next nodes clockwise", () => {
    const { ranges, copies } = ringPlan(status(three, 2), ring({ a: [1000], b: [5000], c: [9000] }));
    expect(copies).toBe(2);
    expect(ranges.map(({ start, end, replicas }) => [start, end, ...replicas])).toEqual([
      [0, 1000, "a", "b"],
      [1001, 5000, "b", "c"],
      [5001, 9000, "c", "a"],
      [9001, 16383, "a", "b"],
    ]);
    expect(rangeIndexAt(ranges, 1000)).toBe(0);
    expect(rangeIndexAt(ranges, 1001)).toBe(1);
    expect(rangeIndexAt(ranges, 16383)).toBe(3);
  });

  test("two copies are never on one machine", () => {
    const members = [member("a", { machine: "m" }), member("b", { machine: "m" }), member("c")];
    const { ranges } = ringPlan(status(members, 2), ring({ a: [1000], b: [5000], c: [9000] }));
    expect(ranges[0]!.replicas).toEqual(["a", "c"]);
  });

  test("copies are those of the datacenters that the node names", () => {
    const members = [member("a"), member("b", { datacenter: "far" })];
    const answer = ring({ a: [1000], b: [5000] });
    expect(ringPlan(status(members, 1, 0), answer).ranges[0]!.replicas).toEqual(["a"]);
    expect(ringPlan(status(members, 1, 1), answer).ranges[0]!.replicas).toEqual(["a", "b"]);
  });

  test("a node alone keeps everything, without a token", () => {
    const alone = { ...status([member("a")], 1), clusterId: null };
    const plan = ringPlan(alone, ring({ a: [] }));
    expect(plan).toMatchObject({
      copies: 1,
      tokens: [],
      ranges: [{ start: 0, end: 16383, replicas: ["a"] }],
    });
    expect(keyWalk(5, ["a"], plan.owners).stops).toHaveLength(1);
  });

  test("while slots move, it tells who gains them, and which tokens come", () => {
    const plan = ringPlan(
      status(three, 1),
      ring({ a: [1000], b: [5000] }, { a: [1000], b: [5000], c: [3000] }),
    );
    expect(plan.ranges.filter(({ gainers }) => gainers.length > 0)).toEqual([
      { start: 1001, end: 3000, replicas: ["b"], gainers: ["c"] },
    ]);
    expect(plan.tokens.filter(({ isComing }) => isComing)).toEqual([{ slot: 3000, id: "c", isComing: true }]);
    expect(movingArcs(plan.ranges)).toEqual([{ id: "c", from: 1001 / 16384, to: 3001 / 16384 }]);
  });
});

describe("the picture", () => {
  test("neighbours of one colour are one arc", () => {
    const { ranges } = ringPlan(status(three, 1), ring({ a: [1000, 2000], b: [5000] }));
    expect(bandArcs(ranges, 0).map(({ id }) => id)).toEqual(["a", "b", "a"]);
    expect(bandArcs(ranges, 1)).toEqual([]);
  });

  test("the top is slot 0, and slots run clockwise", () => {
    expect(pointAt(0.25, 10)).toEqual({ x: 10, y: 0 });
    expect(slotAtPoint(0, -5)).toBe(0);
    expect(slotAtPoint(5, 0)).toBe(4096);
    expect(slotAtPoint(0, 5)).toBe(8192);
    expect(slotAtPoint(-0.001, -5)).toBe(16383);
  });

  test("a node that keeps everything is a whole circle, which an arc cannot be", () => {
    const path = sectorPath({ from: 0, to: 1 }, { inner: 8, outer: 10 });
    expect(path).toBe(
      "M0 -10A10 10 0 0 1 0 10L0 8A8 8 0 0 0 0 -8ZM0 10A10 10 0 0 1 0 -10L0 -8A8 8 0 0 0 0 8Z",
    );
  });

  test("a node has one path, whatever it has of tokens", () => {
    const arcs = [0, 1, 2].map((i) => ({ id: "a", from: i / 10, to: i / 10 + 0.05 }));
    const paths = pathsById(arcs, { inner: 8, outer: 10 });
    expect([...paths.keys()]).toEqual(["a"]);
    expect(paths.get("a")!.match(/M/g)).toHaveLength(3);
  });
});

describe("the walk of a key", () => {
  const { members: owners } = ring({ a: [1000, 9000], b: [5000], c: [16000] });

  test("goes clockwise, past the top where it must, to a token of each", () => {
    const { from, stops } = keyWalk(15_000, ["c", "a", "b"], owners);
    expect(from).toBe(15_000 / 16384);
    expect(stops.map(({ id, rank }) => [id, rank])).toEqual([
      ["c", 1],
      ["a", 2],
      ["b", 3],
    ]);
    expect(stops.map(({ turns }) => Math.round(turns * 16384))).toEqual([16000, 17384, 21384]);
  });

  test("a token at the very slot is the first stop", () => {
    expect(keyWalk(5000, ["b"], owners).stops[0]!.turns).toBe(5000 / 16384);
  });

  test("numbers do not lie on each other", () => {
    const { members } = ring({ a: [1000], b: [1001], c: [1002] });
    const [a, b, c] = keyWalk(999, ["a", "b", "c"], members).stops.map(({ labelTurns }) => labelTurns);
    expect(b! - a!).toBeGreaterThan(0.02);
    expect(c! - b!).toBeGreaterThan(0.02);
  });

  test("who has no token yet is not on the way", () => {
    expect(keyWalk(0, ["x", "b"], owners).stops.map(({ id }) => id)).toEqual(["b"]);
  });
});
