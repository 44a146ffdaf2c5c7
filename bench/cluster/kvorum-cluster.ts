/** Kvorum nodes as one cluster, each in a process of its own as `kvorum serve`. */

import { startKvorum } from "../peers/contender.ts";
import { freePort } from "../peers/free-port.ts";
import { type ClusterContender, togetherAs, until } from "./contender.ts";
import { call } from "./resp-call.ts";

/** Resolves once every node sees all up. `options`: more of `kvorum serve`, for each. */
export async function startKvorumCluster(nodeCount: number, ...options: string[]): Promise<ClusterContender> {
  const peerPorts: number[] = [];
  while (peerPorts.length < nodeCount) peerPorts.push(await freePort());
  const nodes = await Promise.all(
    peerPorts.map((peerPort, index) => {
      const others = peerPorts.filter((other) => other !== peerPort);
      // That others are not there yet is no news.
      const own = ["--peer-port", `${peerPort}`, "--machine", `machine-${index + 1}`, "--log-level", "error"];
      return startKvorum(...own, "--join", others.map((other) => `127.0.0.1:${other}`).join(","), ...options);
    }),
  );
  for (const { port } of nodes)
    await until("all nodes are up", async () => (await upCount(port)) === nodeCount);
  return togetherAs("kvorum", nodes);
}

async function upCount(port: number): Promise<number> {
  const { members } = JSON.parse(String(await call(port, "KV.STATUS"))) as { members: { up: boolean }[] };
  return members.filter(({ up }) => up).length;
}

/** Slots, and the ports of the nodes that keep them. */
export async function slotPorts(
  port: number,
): Promise<readonly { start: number; end: number; ports: number[] }[]> {
  const slots = (await call(port, "CLUSTER", "SLOTS")) as unknown as [
    number,
    number,
    ...[Buffer, number][],
  ][];
  return slots.map(([start, end, ...nodes]) => ({
    start,
    end,
    ports: nodes.map(([, nodePort]) => nodePort),
  }));
}
