import { expect, test } from "vitest";
import type { RepairStatus } from "../../server/commands/kv-repair.ts";
import { progressLine, repairReport } from "./repair-report.ts";

const status: RepairStatus = {
  ...{ over: true, progress: 1, exchanges: 2, failures: 0, slots: 32_768, rows: 12, pulled: 3, pushed: 4 },
  ...{ refused: 0, bytesSent: 1_000, bytesReceived: 234, unreached: {} },
};

test("a bar says how far it is, and what was moved so far", () => {
  expect(progressLine("h:1", { ...status, progress: 0.5 })).toBe(
    "h:1  [############------------]  50%  7 rows moved",
  );
  expect(progressLine("h:1", { ...status, progress: 0, pulled: 0, pushed: 0 })).toBe(
    "h:1  [------------------------]   0%  0 rows moved",
  );
});

test("the report says what each node did", () => {
  const text = repairReport([
    { place: "h:7001", status, problems: [] },
    { place: "h:7002", status: { ...status, pulled: 0, pushed: 0, rows: 0 }, problems: [] },
  ]);
  expect(text).toBe(
    [
      "node    slots compared  rows looked at  fetched  given  refused  bytes",
      "h:7001           32768              12        3      4        0   1234",
      "h:7002           32768               0        0      0        0   1234",
      "",
      "7 rows were moved. All copies are equal now.",
      "",
    ].join("\n"),
  );
});

test("and whom it could not reach", () => {
  const text = repairReport([
    {
      place: "h:7001",
      status: { ...status, pulled: 0, pushed: 0 },
      problems: ["not with node 0a: it is down"],
    },
    {
      place: "h:7002",
      status: undefined,
      problems: ["no repair by the node at h:7002: nobody listens there"],
    },
  ]);
  expect(text).toContain(
    "All that was compared was equal. Not all could be compared:\n" +
      "h:7001: not with node 0a: it is down\nh:7002: no repair by the node at h:7002: nobody listens there\n",
  );
});
