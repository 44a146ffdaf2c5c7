import { expect, test } from "vitest";
import { CollectedOutput } from "../../../test/support/collected-output.ts";
import { SimCluster } from "../../../test/support/sim-cluster.ts";
import type { NodeReading } from "../nodes/node-reading.ts";
import { doctor } from "./doctor.ts";
import { doctorReport } from "./doctor-report.ts";
import { type Finding, fine, trouble } from "./finding.ts";
import { checkNode } from "./node-checks.ts";

async function examined(
  cluster: SimCluster,
): Promise<{ findings: readonly Finding[]; exitCode: number; errors: string }> {
  const sinks = new CollectedOutput();
  const node = { host: cluster.ids[0]!, port: 6379, password: undefined };
  const runtime = cluster.world.runtime("person");
  const exitCode = await cluster.settle(doctor(runtime, { node, json: true }, sinks));
  return { findings: sinks.output === "" ? [] : JSON.parse(sinks.output), exitCode, errors: sinks.errors };
}

const bad = (findings: readonly Finding[]): readonly string[] =>
  findings.filter(({ severity }) => severity === "bad").map(({ node, text }) => `${node}: ${text}`);

test("a sound cluster is called so", async () => {
  const { findings, exitCode } = await examined(await new SimCluster("doctor", 3).listen());
  expect(exitCode).toBe(0);
  expect(bad(findings)).toEqual([]);
  const texts = findings.map(({ text }) => text);
  expect(texts).toContain("3 of 3 nodes answer, and see each other");
  expect(texts).toContain("all go by the plan of epoch 1");
});

test("a node that does not answer is found, and one that others do not see though it is there", async () => {
  const cluster = await new SimCluster("doctor", 3).listen();
  cluster.world.kill(cluster.ids[2]!);
  cluster.down.add(cluster.ids[1]!);
  const { findings, exitCode } = await examined(cluster);
  expect(exitCode).toBe(3);
  expect(bad(findings)).toContainEqual(expect.stringMatching(/^n3:6379: does not answer: /));
  expect(bad(findings)).toContain("null: n1:6379 does not see n2:6379, which is there");
});

test("clocks that are apart are found", async () => {
  const cluster = await new SimCluster("doctor", 3).listen();
  cluster.world.setClockSkew(cluster.ids[1]!, 900);
  const { findings, exitCode } = await examined(cluster);
  expect(exitCode).toBe(3);
  expect(bad(findings)).toContainEqual(
    expect.stringMatching(/^n2:6379: the clock of n2:6379 is 90\d ms ahead of that of n[13]/),
  );
  cluster.world.setClockSkew(cluster.ids[1]!, 200);
  const milder = await examined(cluster);
  expect(milder.exitCode).toBe(0);
  expect(milder.findings.filter(({ severity }) => severity === "warn")).toContainEqual(
    expect.objectContaining({ text: expect.stringContaining("ahead of that of") }),
  );
});

test("nobody there is told", async () => {
  const cluster = await new SimCluster("doctor", 3).listen();
  cluster.world.kill(cluster.ids[0]!);
  expect(await examined(cluster)).toMatchObject({
    exitCode: 1,
    errors: expect.stringContaining("nobody to look at"),
  });
});

function verdictOn(fields: Readonly<Record<string, string>>): readonly string[] {
  const member = { host: "h", port: 1 } as NodeReading["member"];
  const reading = {
    member,
    problem: undefined,
    fields: new Map(Object.entries(fields)),
  } as unknown as NodeReading;
  return checkNode(reading).map(({ severity, text }) => `${severity} ${text}`);
}

const GIB = 1024 ** 3;

test.each([
  [
    { kvorum_open_files_max: "1024", maxclients: "768" },
    /^warn may open only 1,024 files and sockets: it serves 768/,
  ],
  [{ kvorum_open_files_max: "65536" }, /^ok may open 65,536/],
  [
    { lsm_disk_free_bytes: `${4 * GIB}`, lsm_disk_total_bytes: `${100 * GIB}`, lsm_directory: "/d" },
    /^bad 4\.0 GiB of 100 GiB are free/,
  ],
  [
    { lsm_disk_free_bytes: `${10 * GIB}`, lsm_disk_total_bytes: `${100 * GIB}`, lsm_directory: "/d" },
    /^warn 10\.0 GiB/,
  ],
  [
    { lsm_disk_free_bytes: `${50 * GIB}`, lsm_disk_total_bytes: `${100 * GIB}`, lsm_directory: "/d" },
    /^ok 50\.0 GiB/,
  ],
  [{ lsm_log_syncs: "9", lsm_log_sync_average_usec: "250000" }, /^bad an fsync takes 250 ms/],
  [{ lsm_log_syncs: "9", lsm_log_sync_average_usec: "30000" }, /^warn an fsync takes 30 ms/],
  [{ lsm_log_syncs: "9", lsm_log_sync_average_usec: "400" }, /^ok an fsync takes 0\.40 ms/],
  [{ lsm_refuses_writes: "1", lsm_refusal: "the disk is full" }, /^bad refuses writes: the disk is full/],
  [{ lsm_damaged_files: "1", lsm_corrupt_reads: "0" }, /^bad has met damaged files/],
  [
    { used_memory_rss: `${95 * GIB}`, total_system_memory: `${100 * GIB}` },
    /^warn uses 95\.0 GiB of the 100 GiB/,
  ],
  [{ kvorum_storage: "memory", maxmemory: "0" }, /^warn keeps everything in memory, and nothing bounds it/],
  [{ lsm_fsync: "no" }, /^warn never syncs its log/],
  [{ kvorum_admin_port: "0" }, /^warn has no admin port/],
  [{ kvorum_hints_refused: "7" }, /^warn has had no room for 7 hints/],
])("%j is judged", (fields, verdict) => {
  expect(verdictOn(fields)).toEqual([expect.stringMatching(verdict)]);
});

test("the worst comes first, each with what to do", () => {
  const findings = [
    fine("fine", "h:1"),
    trouble("warn", null, "odd", "think"),
    trouble("bad", "h:2", "broken", "mend it"),
  ];
  expect(doctorReport(findings, false)).toBe(
    "BAD   h:2 broken\n      -> mend it\nwarn  odd\n      -> think\nok    h:1 fine\n\nOne thing is to be mended.\n",
  );
  expect(doctorReport(findings.slice(0, 1), true)).toBe("\x1b[32mok  \x1b[0m  h:1 fine\n\nAll is well.\n");
});
