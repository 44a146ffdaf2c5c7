import { expect, test } from "vitest";
import { SimCluster } from "../../test/support/sim-cluster.ts";
import { SlowLog } from "./slow-log.ts";

const caller = { name: "", connection: { peer: "10.0.0.1:1" } };

test("tells what a slow call has spent its time with", () => {
  const log = new SlowLog({ wallMs: () => 7_000 }, { slowlogThresholdMicros: 100, slowlogLength: 2 });
  log.record(caller, [Buffer.from("GET")], { micros: 99 });
  log.record(caller, [Buffer.from("GET")], { micros: 150 });
  log.record(caller, [Buffer.from("SET")], {
    micros: 200,
    waitMicros: 150,
    waitedFor: "quorum",
    argCount: 3,
  });
  expect(log.calls).toMatchObject([
    { args: ["SET", "... (2 more arguments)"], phases: { local: 50, quorum: 150, disk: 0, forward: 0 } },
    { args: ["GET"], phases: { local: 150, quorum: 0, disk: 0, forward: 0 }, at: 7 },
  ]);
});

test("in a cluster, quick paths are told of, too, and who passed a write on", async () => {
  const cluster = await new SimCluster("slow", 5).listen();
  const { server, log } = (() => {
    const one = cluster.server("n1");
    return { server: one, log: one.slowLog };
  })();
  server.settings.slowlogThresholdMicros = 1_000;
  server.applySettings();
  const client = await cluster.client("n1");
  const call = (...words: string[]) => cluster.settle(client.call(...words));
  for (let i = 0; i < 20; i++) await call("SET", `key ${i}`, "value");
  const kept = log.calls.filter(({ phases }) => phases.quorum > 0);
  const passed = log.calls.filter(({ phases }) => phases.forward > 0);
  expect(log.calls).toHaveLength(20);
  expect(kept.length).toBeGreaterThan(5);
  expect(passed.length).toBeGreaterThan(2);
  expect(kept[0]!.args.slice(1)).toEqual([expect.stringMatching(/^key \d+$/), "... (1 more arguments)"]);
  for (const { micros, phases } of log.calls)
    expect(phases.local + phases.quorum + phases.forward + phases.disk).toBe(micros);
});
