import { expect, test } from "vitest";
import { PlacementPlan } from "../ring/placement-plan.ts";
import { planChange } from "../ring/plan-change.ts";
import { encodeDocument } from "./checked-document.ts";
import { copiesOf, ringMembersNext, ringMembersNow, type Topology } from "./topology.ts";
import {
  addMember,
  beginJoin,
  cancelMove,
  changeWeight,
  dropKeyspace,
  finishMove,
  finishVoters,
  foundTopology,
  type Newcomer,
  removeMember,
  replaceMember,
  setKeyspace,
  settleMove,
  type TopologyChange,
} from "./topology-change.ts";
import { decodeTopology, encodeTopology } from "./topology-codec.ts";

const KEYSPACE = {
  copies: [{ datacenter: "d", count: 3 }],
  read: "quorum",
  write: "quorum",
  storage: "disk",
  ttlMs: 0,
  conflictRule: "siblings",
  mode: "ap",
} as const;

const node = (id: string): Newcomer => ({ id, datacenter: "d", rack: "r", machine: `m-${id}`, weight: 1 });

function changed(change: TopologyChange): Topology {
  if (change.kind === "refused") throw new Error(change.reason);
  return change.topology;
}

function founded(...ids: readonly string[]): Topology {
  const [first, ...rest] = ids;
  return rest.reduce(
    (topology, id) => {
      return finished(joining(topology, id), id);
    },
    changed(foundTopology("c", node(first!), KEYSPACE)),
  );
}

function joining(topology: Topology, id: string): Topology {
  return changed(beginJoin(changed(finishVoters(changed(addMember(topology, node(id))))), id));
}

function finished(topology: Topology, id: string): Topology {
  return changed(finishMove(changed(settleMove(topology, id)), id));
}

const reason = (change: TopologyChange): string | undefined =>
  change.kind === "refused" ? change.reason : undefined;

test("a cluster grows to three members, voters all, an epoch at every step", () => {
  const topology = founded("b", "a", "c");
  expect(topology.epoch).toBe(11);
  expect(topology.members.map(({ id, tokens, state }) => [id, tokens.length, state])).toEqual([
    ["a", 16, "member"],
    ["b", 16, "member"],
    ["c", 16, "member"],
  ]);
  expect(topology.voters).toEqual(["a", "b", "c"]);
  expect(topology.move).toBeUndefined();
});

test("a newcomer is pending for what it will hold, and holds nothing until the move is over", () => {
  const before = founded("a", "b", "c", "d");
  const moving = joining(before, "e");
  const copies = copiesOf(moving.keyspaces[0]!);
  const now = new PlacementPlan(ringMembersNow(moving), copies);
  const next = new PlacementPlan(ringMembersNext(moving), copies);
  expect(now.numberOf("e")).toBeUndefined();
  const pending = planChange(now, next).filter(({ gaining }) => gaining.includes("e"));
  expect(pending.length).toBeGreaterThan(8000); // three fifths of 16384, about
  const joined = finished(moving, "e");
  const after = new PlacementPlan(ringMembersNow(joined), copies);
  expect(planChange(next, after)).toEqual([]);
});

test("a leaver keeps its slots until the move is over, then it is gone, and gone from the voters", () => {
  const leaving = changed(removeMember(founded("a", "b", "c", "d"), "b"));
  expect(ringMembersNow(leaving).map(({ id }) => id)).toContain("b");
  expect(ringMembersNext(leaving).map(({ id }) => id)).not.toContain("b");
  const left = finished(leaving, "b");
  expect(left.members.map(({ id }) => id)).toEqual(["a", "c", "d"]);
  expect(left).toMatchObject({ voters: ["a", "b", "c", "d"], nextVoters: ["a", "c", "d"] });
  expect(changed(finishVoters(left)).voters).toEqual(["a", "c", "d"]);
});

test("a newcomer takes the place of one that will not come back: its tokens, its weight, its vote", () => {
  const before = founded("a", "b", "c", "d");
  const replacing = changed(replaceMember(before, { ...node("e"), weight: 7 }, "b"));
  expect(replacing).toMatchObject({ voters: ["a", "b", "c", "d"], nextVoters: ["a", "c", "d", "e"] });
  expect(ringMembersNow(replacing).map(({ id }) => id)).toEqual(["a", "b", "c", "d"]);
  expect(decodeTopology(encodeTopology(replacing))).toEqual(replacing);
  const after = finished(changed(finishVoters(replacing)), "e");
  expect(after.members.map(({ id, state }) => [id, state])).toEqual(
    ["a", "c", "d", "e"].map((id) => [id, "member"]),
  );
  const { tokens, weight } = before.members[1]!;
  expect(after.members[3]).toMatchObject({ tokens, weight });
  expect(reason(replaceMember(before, node("e"), "x"))).toBe("x is no member");
  expect(reason(replaceMember(before, { ...node("e"), datacenter: "f" }, "b"))).toContain("datacenter d");
});

test("a move is over only once it has settled, and is taken back only before", () => {
  const moving = joining(founded("a", "b"), "c");
  expect(reason(finishMove(moving, "c"))).toContain("on their way");
  const back = changed(cancelMove(moving, "c"));
  expect(back.members.map(({ id }) => id)).toEqual(["a", "b"]);
  expect(back).toMatchObject({ nextVoters: ["a", "b"] });
  const settling = changed(settleMove(moving, "c"));
  expect(reason(settleMove(settling, "c"))).toContain("already");
  expect(reason(cancelMove(settling, "c"))).toContain("nearly over");
  const leaving = changed(removeMember(founded("a", "b", "c"), "b"));
  expect(changed(cancelMove(leaving, "b"))).toEqual({ ...founded("a", "b", "c"), epoch: leaving.epoch + 1 });
});

test("two concurrent joins cannot both win, and a move bars the next until it is over", () => {
  const topology = founded("a", "b", "c");
  const added = changed(addMember(topology, node("d")));
  expect(reason(addMember(added, node("e")))).toBe("voters are changing");
  const both = changed(finishVoters(changed(addMember(changed(finishVoters(added)), node("e")))));
  const settled = changed(beginJoin(both, "d"));
  expect(reason(beginJoin(settled, "e"))).toContain("under way");
  const after = finished(settled, "d");
  expect(after.members.map(({ state, tokens }) => `${state} ${tokens.length}`)).toEqual([
    ...Array(4).fill("member 16"),
    "joining 0",
  ]);
  expect(finished(changed(beginJoin(after, "e")), "e").members.every(({ state }) => state === "member")).toBe(
    true,
  );
  expect(reason(changeWeight(settled, "a", 2))).toContain("under way");
  expect(reason(removeMember(settled, "a"))).toContain("under way");
  expect(reason(finishMove(settled, "a"))).toContain("no move");
});

test("while voters change nothing else does", () => {
  const added = changed(addMember(founded("a"), node("b")));
  expect(reason(beginJoin(added, "b"))).toBe("voters are changing");
  expect(reason(setKeyspace(added, { ...KEYSPACE, name: "x" }))).toBe("voters are changing");
});

test("a weight brings tokens once its move is over", () => {
  const moving = changed(changeWeight(founded("a", "b", "c", "d"), "c", 2));
  expect(moving.members.find(({ id }) => id === "c")!.tokens).toHaveLength(16);
  const moved = finished(moving, "c");
  expect(moved.members.find(({ id }) => id === "c")!.tokens).toHaveLength(32);
});

test("what makes no sense is refused with a reason", () => {
  const topology = founded("a", "b");
  expect(reason(addMember(topology, node("a")))).toBe("a is a member already");
  expect(reason(addMember(topology, { ...node("c"), weight: 0 }))).toContain("weight of c");
  expect(reason(addMember(topology, { ...node("c"), rack: "" }))).toContain("name of member c");
  expect(reason(removeMember(founded("a"), "a"))).toBe("the last member cannot leave");
  expect(reason(removeMember(topology, "x"))).toBe("x is no member");
  expect(reason(setKeyspace(topology, { ...KEYSPACE, name: "a:b" }))).toContain("may not be named");
  const none = [{ datacenter: "d", count: 0 }];
  expect(reason(setKeyspace(topology, { ...KEYSPACE, name: "x", copies: none }))).toContain("1 to 15 copies");
});

test("bytes come back as the topology they were, at every stage of its life", () => {
  const added = changed(addMember(founded("a", "b", "c"), node("d")));
  const memory = { bytesMax: 5, evictionPolicy: "allkeys-lru" } as const;
  const cache = { ...KEYSPACE, name: "cache", storage: "memory", memory } as const;
  const cached = changed(setKeyspace(founded("a"), cache));
  expect(encodeTopology(cached)[4]).toBe(4);
  expect(reason(setKeyspace(founded("a"), { ...KEYSPACE, name: "cache", storage: "memory" }))).toMatch(
    /limits/,
  );
  for (const topology of [added, joining(founded("a", "b", "c"), "d"), cached]) {
    expect(decodeTopology(encodeTopology(topology))).toEqual(topology);
  }
});

test("equal topologies have equal bytes, whatever the order their fields were set in", () => {
  const { epoch, ...rest } = founded("a", "b");
  expect(encodeTopology({ ...rest, epoch })).toEqual(encodeTopology({ epoch, ...rest }));
});

test("no flipped bit and no missing byte goes unnoticed", () => {
  const bytes = encodeTopology(founded("a"));
  for (let at = 0; at < bytes.length; at++) {
    const flipped = bytes.with(at, bytes[at]! ^ (1 << (at % 8)));
    expect(() => decodeTopology(flipped)).toThrow("malformed document");
    expect(() => decodeTopology(bytes.subarray(0, at))).toThrow("malformed document");
  }
});

test("a topology that breaks its own rules is no topology, though its checksum is right", () => {
  const topology = founded("a", "b");
  const two = { ...topology, members: topology.members.map((member) => ({ ...member, tokens: [7] })) };
  expect(() => decodeTopology(encodeTopology(two))).toThrow("two tokens of d are equal");
  expect(() => decodeTopology(encodeTopology({ ...topology, voters: ["x"] }))).toThrow("voters are members");
});

test("a topology is written in the oldest format that says it all, and read again as it was", () => {
  const plain = founded("a", "b");
  const versionOf = (topology: Topology): number | undefined => {
    expect(decodeTopology(encodeTopology(topology))).toEqual(topology);
    return encodeTopology(topology)[4];
  };
  expect(versionOf(plain)).toBe(1);
  const [standard] = plain.keyspaces;
  for (const changes of [{ ttlMs: 5 }, { read: 2 }, { write: 1 }, { conflictRule: "newest" } as const]) {
    expect(versionOf(changed(setKeyspace(plain, { ...standard!, ...changes })))).toBe(3);
  }
  const declared = changed(setKeyspace(plain, { ...standard!, name: "sessions" }));
  expect(versionOf(declared)).toBe(3);
  expect(versionOf(changed(dropKeyspace(declared, "sessions")))).toBe(1);
});

test("format 1 said of every keyspace that the newest counts, and showed siblings: it is read so", () => {
  const { epoch, clusterId, members, keyspaces, voters } = founded("a");
  const written = keyspaces.map((keyspace) => ({ ...keyspace, conflictRule: "newest" }));
  const { name, copies, read, write, storage, ttlMs, conflictRule, mode } = written[0]!;
  const bytes = encodeDocument("KVTP", 1, {
    ...{ epoch, clusterId },
    members: members.map(({ id, datacenter, rack, machine, weight, tokens, state }) => {
      return { id, datacenter, rack, machine, weight, tokens, state };
    }),
    keyspaces: [{ name, copies, read, write, storage, ttlMs, conflictRule, mode }],
    voters,
  });
  expect(decodeTopology(bytes).keyspaces[0]!.conflictRule).toBe("siblings");
  expect(encodeTopology(decodeTopology(bytes))).toEqual(bytes);
});

test("a dropped keyspace is gone; the default one stays, and what there is not cannot be dropped", () => {
  const declared = changed(setKeyspace(founded("a"), { ...KEYSPACE, name: "sessions" }));
  expect(changed(dropKeyspace(declared, "sessions")).keyspaces.map(({ name }) => name)).toEqual(["default"]);
  expect(dropKeyspace(declared, "default")).toMatchObject({ kind: "refused" });
  expect(dropKeyspace(declared, "other")).toMatchObject({ reason: "there is no keyspace other" });
});
