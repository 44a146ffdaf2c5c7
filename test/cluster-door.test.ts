/** What clients of a cluster see at its doors: any node serves any key. In a simulated world, with a fixed plan. */
import { beforeEach, describe, expect, test } from "vitest";
import type { PlainReply } from "../src/resp/plain-reply.ts";
import type { ClusterStatus } from "../src/server/commands/kv-status.ts";
import type { Call } from "./support/raw-client.ts";
import { SimCluster } from "./support/sim-cluster.ts";
import { type SimClient, SimServer } from "./support/sim-server.ts";

test("a node alone tells of itself as a cluster of one", async () => {
  const server = await new SimServer("status", 0).listen();
  const client = await server.client();
  const status = JSON.parse(String(await server.settle(client.call("KV.STATUS")))) as ClusterStatus;
  expect(status).toMatchObject({
    clusterId: null,
    epoch: 0,
    members: [{ up: true, self: true, slots: 16384, share: 1 }],
  });
  expect(status.members[0]!.id).toBe(status.self);
});

describe("five nodes that keep three copies", () => {
  let cluster: SimCluster;
  let clients: SimClient[];

  beforeEach(async () => {
    cluster = await new SimCluster("doors", 5).listen();
    clients = [];
    for (const id of cluster.ids) clients.push(await cluster.client(id));
  });

  const ask = (by: number, ...call: Call): Promise<PlainReply> => cluster.settle(clients[by]!.call(...call));

  test("the status names every member, what it keeps, and who is down", async () => {
    cluster.down.add("n4");
    const status = JSON.parse(String(await ask(1, "KV.STATUS"))) as ClusterStatus;
    expect(status).toMatchObject({ clusterId: "sim", epoch: 1, self: "n2" });
    expect(status.members.map(({ id, up, self }) => [id, up, self])).toEqual(
      cluster.ids.map((id) => [id, id !== "n4", id === "n2"]),
    );
    expect(status.members.reduce((sum, { slots }) => sum + slots, 0)).toBe(3 * 16384);
    expect(status.members.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    expect(status.keyspaces).toEqual([
      { name: "default", copies: 3, read: "quorum", write: "quorum", mode: "ap" },
    ]);
  });
});
