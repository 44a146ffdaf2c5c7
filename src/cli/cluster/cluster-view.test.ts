import { expect, test } from "vitest";
import { utf8 } from "../../base/bytes.ts";
import type { Network } from "../../runtime/runtime.ts";
import type { ClusterStatus } from "../../server/commands/kv-status.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { NoAnswer } from "../node-question.ts";
import { askRanges, askStatus } from "./cluster-view.ts";

const NODE = { host: "node", port: 7001, password: undefined };
const STATUS: ClusterStatus = { clusterId: "c", epoch: 1, self: "a", members: [], keyspaces: [], move: null };

/** Asks a server that answers `reply` to anything. */
async function asking<T>(reply: string, ask: (network: Network) => Promise<T>): Promise<T> {
  const world = new SimWorld("view");
  const listening = world.runtime("node").network.listen(NODE, (connection) =>
    connection.start({
      onBytes: () => void connection.write(utf8(reply)),
      onDrain: () => undefined,
      onEnd: () => connection.end(),
      onClose: () => undefined,
    }),
  );
  await world.runUntil(listening);
  return world.runUntil(ask(world.runtime("person").network));
}

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
const replica = (port: number): string => `*3\r\n${bulk("10.0.0.7")}:${port}\r\n${bulk("id")}`;

test("a status is what the node says", async () => {
  const reply = bulk(JSON.stringify(STATUS));
  expect(await asking(reply, (network) => askStatus(network, NODE))).toEqual(STATUS);
});

test("ranges come in the order of slots, replicas in the node's", async () => {
  const later = `*4\r\n:100\r\n:16383\r\n${replica(7002)}${replica(7001)}`;
  const earlier = `*3\r\n:0\r\n:99\r\n${replica(7003)}`;
  const reply = `*2\r\n${later}${earlier}`;
  expect(await asking(reply, (network) => askRanges(network, NODE, STATUS))).toEqual([
    { start: 0, end: 99, replicas: ["10.0.0.7:7003"] },
    { start: 100, end: 16383, replicas: ["10.0.0.7:7002", "10.0.0.7:7001"] },
  ]);
});

test.each([["$5\r\nhello\r\n"], [":1\r\n"], ["*1\r\n:1\r\n"]])("%j is no answer of a node", async (reply) => {
  const asked = asking(reply, (network) => askStatus(network, NODE));
  await expect(asked).rejects.toThrow(NoAnswer);
  const ranges = asking(reply, (network) => askRanges(network, NODE, STATUS));
  await expect(ranges).rejects.toThrow(": what listens there is no node of Kvorum");
});

test("an error is told as the node's own words", async () => {
  const asked = asking("-LOADING not yet\r\n", (network) => askStatus(network, NODE));
  await expect(asked).rejects.toThrow(": the node says: LOADING not yet");
});
