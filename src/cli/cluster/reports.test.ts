import { expect, test } from "vitest";
import { OwnKeyspaces } from "../../node/own-keyspaces.ts";
import type { ClusterStatus, MemberStatus } from "../../server/commands/kv-status.ts";
import { keyspaceStatus } from "../../server/keyspace-status.ts";
import { ringReport } from "./ring-report.ts";
import { statusReport } from "./status-report.ts";

const THREE = [{ datacenter: "dc1", count: 3 }];

function member(port: number, changes: Partial<MemberStatus> = {}): MemberStatus {
  return {
    ...{ id: `${port}`.padEnd(16, "a"), host: "127.0.0.1", port, peerPort: port + 10_000 },
    ...{ datacenter: "dc1", rack: "r1", machine: `node-${port - 7000}`, weight: 1, state: "member" },
    ...{ up: true, self: false, slots: 16384, share: 1 / 3, hintsPending: 0 },
    ...changes,
  };
}

function cluster(...members: MemberStatus[]): ClusterStatus {
  return {
    ...{ clusterId: "0123456789abcdef", epoch: 4, self: members[0]!.id, members },
    keyspaces: [keyspaceStatus({ ...new OwnKeyspaces().keyspaces.default, copies: THREE })],
    move: null,
  };
}

test("status shows members by address, the asked one marked, and how they are", () => {
  const text = statusReport(cluster(member(7003), member(7001, { self: true }), member(7002, { weight: 2 })));
  expect(text).toBe(
    [
      "cluster 0123456789abcdef, epoch 4: 3 members, all up",
      "",
      "   node      address         machine  dc   rack  weight  state  slots  share  hints",
      "*  7001aaaa  127.0.0.1:7001  node-1   dc1  r1         1  up     16384  33.3%      0",
      "   7002aaaa  127.0.0.1:7002  node-2   dc1  r1         2  up     16384  33.3%      0",
      "   7003aaaa  127.0.0.1:7003  node-3   dc1  r1         1  up     16384  33.3%      0",
      "",
      "keyspace default: 3 copies, reads ask quorum, writes wait for quorum, ap",
      "",
    ].join("\n"),
  );
});

test("status tells who is down, who comes and goes, and what waits for them", () => {
  const down = member(7002, { up: false, hintsPending: 12 });
  const joining = member(7003, { state: "joining", host: null, port: null });
  const text = statusReport(cluster(member(7001, { self: true }), down, joining));
  expect(text).toContain("3 members, 2 up\n");
  expect(text).toMatch(/127\.0\.0\.1:7002 .* DOWN .* 12\n/);
  expect(text).toMatch(/\(7003aaaa\) .* joining, up /);
  expect(text).toContain("\n127.0.0.1:7002 down, as the node marked * sees it.\n");
  expect(text).toContain("keeps 12 writes (hints) for others");
});

test("status tells what moves, and how far it is", () => {
  const joining = member(7003, { state: "joining" });
  const figures = { total: 4_096, done: 1_024, rows: 900, bytes: 1_250_000, bytesPerSecond: 310 };
  const move = {
    kind: "join",
    member: joining.id,
    replaced: null,
    stage: "streaming",
    progress: 0.427,
    ...figures,
  };
  const status = cluster(member(7001, { self: true }), joining);
  const text = statusReport({ ...status, move });
  expect(text).toContain(
    "\n127.0.0.1:7003 is joining: 42%, 1024 of 4096 copies of slots are where they shall be, 1.3 MB moved, 310 B/s\n",
  );
  const settling = statusReport({ ...status, move: { ...move, stage: "settling" } });
  expect(settling).toContain("\n127.0.0.1:7003 is joining: all slots are there, nearly over\n");
  expect(statusReport({ ...status, move: { ...move, kind: "copies" } })).toContain(
    "\nthe number of copies changes: 42%, 1024 of 4096",
  );
  const replacing = { ...move, kind: "replace", replaced: `${7001}`.padEnd(16, "a") };
  expect(statusReport({ ...status, move: replacing })).toContain(
    "\n127.0.0.1:7003 takes the place of 127.0.0.1:7001: 42%",
  );
});

test("status tells who waits for his turn, and for what", () => {
  const [first, second] = [7003, 7004].map((port) => member(port, { state: "joining" }));
  const status = cluster(member(7001, { self: true }), first!, second!);
  const figures = { progress: 0, total: 0, done: 0, rows: 0, bytes: 0, bytesPerSecond: 0 };
  const move = { kind: "join", member: first!.id, replaced: null, stage: "streaming", ...figures };
  const text = statusReport({ ...status, move });
  expect(text).toContain("\n127.0.0.1:7004 is joining, and waits for its turn: one move at a time.\n");
  expect(text).not.toContain("7003 is joining, and waits");
  expect(statusReport(status)).toContain("7003 is joining, and waits until all who are up see it.\n");
});

test("status says of a node alone that it is", () => {
  expect(statusReport({ ...cluster(member(7001)), clusterId: null })).toContain("A node alone");
});

test("ring shows who keeps which slots, and how they are spread", () => {
  const status = cluster(member(7002, { weight: 2 }), member(7001, { self: true, slots: 8192, share: 0.2 }));
  const ranges = [
    { start: 0, end: 99, replicas: ["127.0.0.1:7001", "127.0.0.1:7002"] },
    { start: 100, end: 16383, replicas: ["127.0.0.1:7002"] },
  ];
  expect(ringReport(status, ranges)).toBe(
    [
      "16384 slots in 2 ranges, epoch 4",
      "",
      "address         machine  weight  copies of  share  asked first for",
      "127.0.0.1:7001  node-1        1       8192  20.0%              100",
      "127.0.0.1:7002  node-2        2      16384  33.3%            16284",
      "",
      "    slots  count  kept by, whom to ask first first",
      "     0-99    100  127.0.0.1:7001  127.0.0.1:7002",
      "100-16383  16284  127.0.0.1:7002",
      "",
    ].join("\n"),
  );
});
