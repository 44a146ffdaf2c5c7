import { expect, test } from "vitest";
import type { Member, SummaryAnswer } from "../api/answers.ts";
import { NodeNames } from "./node-names.ts";
import { nodeRows } from "./node-rows.ts";

const alice: Member = {
  ...{
    id: "a",
    host: "10.0.0.1",
    port: 7001,
    peerPort: 17001,
    datacenter: "eu",
    rack: "r1",
    machine: "alice",
  },
  ...{ weight: 2, state: "member", up: true, self: true, hintsPending: 0, slots: 16384, share: 0.5 },
  load: { opsPerSecond: 12_400, usedMemory: 536_870_912, diskBytes: 0 },
};
const bob: Member = {
  ...alice,
  id: "b",
  machine: "bob",
  self: false,
  weight: 1,
  phi: 0.42,
  hintsPending: 1204,
  load: null,
};
const lag = { replicationLagSeconds: { b: 4.2 } as Record<string, number> } as SummaryAnswer;

function rowsOf(...members: Member[]) {
  return nodeRows(members, new NodeNames(members), lag);
}

test("a row tells where a node is, what it bears, and how late it is", () => {
  const [first, second] = rowsOf(alice, bob);
  expect(first).toMatchObject({
    address: "10.0.0.1:7001",
    place: "eu · r1 · weight 2",
    operations: "12.4k",
    memory: "512 MB",
  });
  expect(second).toMatchObject({ lag: "4.2 s", hints: "1,204", operations: "–", place: "eu · r1" });
});

test("a node does not watch itself", () => {
  const [self, other] = rowsOf(alice, bob);
  expect([self!.phi, self!.lag, self!.hints]).toEqual([undefined, "–", "–"]);
  expect(other!.phi).toEqual({ text: "0.4", part: 0.42 / 8, level: "ok" });
});

test.each([
  [{ up: true }, "up", "ok"],
  [{ up: true, suspect: true }, "suspect", "warn"],
  [{ up: false }, "down", "bad"],
  [{ state: "joining" }, "joining", "warn"],
  [{ state: "leaving", up: false }, "leaving, down", "bad"],
] as const)("%j is %s", (change, text, level) => {
  expect(rowsOf(alice, { ...bob, ...change })[1]!.state).toEqual({ text, level });
});

test("phi is said to be bad where nodes find it so, and stays short", () => {
  expect(rowsOf(alice, { ...bob, phi: 6 })[1]!.phi).toMatchObject({ level: "warn" });
  expect(rowsOf(alice, { ...bob, phi: 9 })[1]!.phi).toEqual({ text: "9.0", part: 1, level: "bad" });
  expect(rowsOf(alice, { ...bob, phi: 300 })[1]!.phi!.text).toBe("> 99");
});
