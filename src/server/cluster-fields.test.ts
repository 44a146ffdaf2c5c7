/** INFO of a node of a cluster. */
import { expect, test } from "vitest";
import { FixedTown } from "../node/fixed-town.oracle.ts";
import { clusterFields } from "./cluster-fields.ts";

test("a node alone says that it is no cluster; a member says who is up and what waits", async () => {
  expect(clusterFields(undefined, false)).toEqual([["cluster_enabled", 0]]);
  const town = await FixedTown.open("fields", 3);
  const fields = (): Record<string, unknown> => Object.fromEntries(clusterFields(town.node(0).cluster, true));
  expect(fields()).toMatchObject({
    cluster_enabled: 1,
    kvorum_cluster_id: "c",
    kvorum_cluster_epoch: 1,
    kvorum_cluster_members: 3,
    kvorum_cluster_members_up: 3,
    kvorum_hints_pending: 0,
  });
  town.world.kill("n2");
  await town.world.runFor(500);
  await town.set(0, "k", "v", "quorum");
  await town.world.runFor(500);
  expect(fields()).toMatchObject({ kvorum_cluster_members_up: 2, kvorum_hints_pending: 1 });
});
