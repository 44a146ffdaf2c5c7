import { expect, test } from "vitest";
import { CollectedOutput } from "../../../test/support/collected-output.ts";
import { SimCluster } from "../../../test/support/sim-cluster.ts";
import { nodes } from "./nodes.ts";
import type { NodeFigures } from "./nodes-report.ts";

async function asked(cluster: SimCluster, json: boolean) {
  const sinks = new CollectedOutput();
  const { network, clock } = cluster.world.runtime("person");
  const node = { host: cluster.ids[0]!, port: 6379, password: undefined };
  const exitCode = await cluster.settle(nodes({ network, clock }, { node, json }, sinks));
  return { output: sinks.output, errors: sinks.errors, exitCode };
}

test("every node says how it is", async () => {
  const cluster = await new SimCluster("nodes", 3).listen();
  const client = await cluster.client(cluster.ids[0]!);
  for (let i = 0; i < 5; i++) await cluster.settle(client.call("SET", `k${i}`, "v"));
  await cluster.world.runFor(1_000);
  const { output, exitCode } = await asked(cluster, true);
  const figures: readonly NodeFigures[] = JSON.parse(output);
  expect(exitCode).toBe(0);
  expect(figures.map(({ id, keys, problem }) => ({ id, keys, problem }))).toEqual(
    cluster.ids.map((id) => ({ id, keys: 5, problem: null })),
  );
  expect(figures[0]).toMatchObject({ clients: 2, hintsPending: null, diskBytes: null });
  expect(figures[0]!.p99Ms).toBeGreaterThan(0);
  const text = (await asked(cluster, false)).output;
  expect(text).toMatch(/^ +node +address +state/);
  expect(text.match(/ up {2}/g)).toHaveLength(3);
});

test("one that stands still, and one that is gone, are told from the others", async () => {
  const cluster = await new SimCluster("nodes", 3).listen();
  cluster.world.partition(["person"], [cluster.ids[1]!]);
  const { output, exitCode } = await asked(cluster, false);
  expect(exitCode).toBe(1);
  expect(output).toMatch(/n2.* up, SILENT /);
  expect(output).toContain("\nn2:6379: it does not answer\n");
});

test("nobody there is told", async () => {
  const cluster = await new SimCluster("nodes", 3).listen();
  cluster.world.kill(cluster.ids[0]!);
  expect(await asked(cluster, true)).toMatchObject({
    exitCode: 1,
    output: "",
    errors: expect.stringContaining("kvorum: no nodes by the node at"),
  });
});
