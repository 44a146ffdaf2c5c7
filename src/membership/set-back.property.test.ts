/** Any changes of a plan, with losses in the middle of moves, lead to plans that come to rest. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { findTopologyFault, memberOf, type Topology } from "./topology.ts";
import {
  addMember,
  beginWaiting,
  cancelMove,
  changeCopies,
  changeWeight,
  finishMove,
  finishVoters,
  foundTopologyOf,
  type Newcomer,
  removeMember,
  replaceMember,
  settleMove,
  type TopologyChange,
} from "./topology-change.ts";
import { decodeTopology, encodeTopology } from "./topology-codec.ts";
import { waitingMoves } from "./waiting-moves.ts";

const node = (id: string, weight = 1): Newcomer => ({ id, datacenter: "d", rack: id, machine: id, weight });
const FOUNDERS = ["a", "b", "c", "d"];
const NEWCOMERS = ["e", "f", "g", "h"];
const STEPS_MAX = 60;

const founded = topologyOf(
  foundTopologyOf(
    "c",
    FOUNDERS.map((id) => node(id)),
  ),
);

const anyId = fc.constantFrom(...FOUNDERS, ...NEWCOMERS);
const newId = fc.constantFrom(...NEWCOMERS);
const anyFlag = fc.boolean();
type Change = (topology: Topology) => TopologyChange;

const change: fc.Arbitrary<Change> = fc.oneof(
  newId.map(
    (id): Change =>
      (topology) =>
        addMember(topology, node(id)),
  ),
  fc.tuple(newId, anyId, anyFlag).map(
    ([id, lost, setsBack]): Change =>
      (topology) =>
        replaceMember(topology, node(id), lost, { setsBack }),
  ),
  fc.tuple(anyId, anyFlag, anyFlag).map(
    ([id, isLost, setsBack]): Change =>
      (topology) =>
        removeMember(topology, id, { isLost, setsBack }),
  ),
  fc.tuple(anyId, fc.integer({ min: 1, max: 2 })).map(
    ([id, weight]): Change =>
      (topology) =>
        changeWeight(topology, id, weight),
  ),
  fc.integer({ min: 1, max: 4 }).map(
    (count): Change =>
      (topology) =>
        changeCopies(topology, [{ datacenter: "d", count }]),
  ),
  fc.constant<Change>((topology) => cancelMove(topology, topology.move?.id ?? "")),
  fc.constant<Change>(nextStep),
);

/** What whoever carries moves through would do next. */
function nextStep(topology: Topology): TopologyChange {
  const { move, nextVoters } = topology;
  if (nextVoters !== undefined) return finishVoters(topology);
  if (move !== undefined)
    return move.stage === "streaming" ? settleMove(topology, move.id) : finishMove(topology, move.id);
  for (const waiting of waitingMoves(topology)) {
    const begun = beginWaiting(topology, waiting);
    if (begun.kind === "changed") return begun;
  }
  return { kind: "refused", reason: "nothing waits" };
}

function applied(topology: Topology, by: Change): Topology {
  const finished = finishVoters(topology); // as the register does before any change
  const before = finished.kind === "changed" ? finished.topology : topology;
  const result = by(before);
  if (result.kind === "refused") return topology;
  expect(findTopologyFault(result.topology)).toBeUndefined();
  expect(result.topology.epoch).toBe(before.epoch + 1);
  // Voters change in two halves, never at once: majorities of old and new must agree.
  if (result.topology.voters !== before.voters) expect(by).toBe(nextStep);
  return decodeTopology(encodeTopology(result.topology));
}

function topologyOf(change: TopologyChange): Topology {
  if (change.kind === "refused") throw new Error(change.reason);
  return change.topology;
}

function atRest(begun: Topology): Topology {
  let topology = begun;
  for (let steps = 0; steps < STEPS_MAX; steps++) {
    const next = applied(topology, nextStep);
    if (next === topology) return topology;
    topology = next;
  }
  throw new Error("it does not come to rest");
}

test("from any plan whoever carries moves through comes to rest: all are members with the tokens of their weights, and vote", () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 14 }), (changes) => {
      let topology = changes.reduce(applied, founded);
      topology = atRest(topology);
      expect(topology.move).toBeUndefined();
      expect(waitingMoves(topology)).toEqual([]);
      expect(topology.members.every(({ state }) => state === "member")).toBe(true);
      expect(topology.nextVoters ?? topology.voters).toEqual(topology.members.map(({ id }) => id));
    }),
    { numRuns: 60 },
  );
}, 120_000);

test("a replaced member's id never takes part again, and its successor has its place once all is over", () => {
  const leaving = applied(founded, (topology) => removeMember(topology, "a"));
  const waits: Change = (topology) => replaceMember(topology, node("e"), "b");
  expect(waits(leaving)).toMatchObject({ kind: "refused", reason: "the move of a is under way" });
  let topology = applied(leaving, (present) => replaceMember(present, node("e"), "b", { setsBack: true }));
  expect(topology.move).toMatchObject({ kind: "replace", id: "e", replaced: "b", since: topology.epoch });
  expect(memberOf(topology, "a")).toMatchObject({ state: "leaving" });
  expect(waitingMoves(topology)).toEqual([{ kind: "leave", id: "a" }]);
  topology = atRest(topology);
  expect(topology.members.map(({ id }) => id)).toEqual(["c", "d", "e"]);
});

test("what is lost in the middle of its own move has a way out, and a move that settles is set back by nobody", () => {
  const setsBack = true;
  const added = applied(founded, (topology) => addMember(topology, node("e")));
  const streaming = applied(added, nextStep);
  expect(streaming.move).toMatchObject({ kind: "join", id: "e", stage: "streaming" });
  const succeeded = applied(streaming, (present) => replaceMember(present, node("f"), "e", { setsBack }));
  expect(waitingMoves(succeeded)).toEqual([{ kind: "join", id: "f" }]);
  expect(succeeded.nextVoters).toEqual(["a", "b", "c", "d", "f"]);
  const counted = applied(streaming, (present) => removeMember(present, "e", { isLost: true, setsBack }));
  expect(counted.members).toEqual(founded.members);

  const replacing = applied(founded, (topology) => replaceMember(topology, node("e"), "b"));
  const third = applied(replacing, (present) => replaceMember(present, node("f"), "e", { setsBack }));
  expect(third.move).toMatchObject({ kind: "replace", id: "f", replaced: "b" });
  expect(third).toMatchObject({ voters: ["a", "c", "d", "e"], nextVoters: ["a", "c", "d", "f"] });

  const settling = applied(streaming, nextStep);
  expect(settling.move?.stage).toBe("settling");
  for (const lost of ["a", "e"])
    expect(replaceMember(settling, node("g"), lost, { setsBack })).toMatchObject({ kind: "refused" });
});
