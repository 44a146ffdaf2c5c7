import { expect, test } from "vitest";
import { StoreError } from "../../base/errors.ts";
import { Forwarder } from "./forwarder.ts";
import type { ServedCluster } from "./served-cluster.ts";

/** Two replicas: the first gives no answer in time, the second answers this. */
function forwarderTo(answer: string): Forwarder {
  const replicas = [{ id: "b" }, { id: "c" }];
  const view = {
    self: { id: "a" },
    replicasOf: () => replicas,
    isUp: () => true,
    distanceTo: () => 1,
    p99Ms: () => 1,
  };
  const calls = {
    call: (to: string) =>
      to === "b"
        ? Promise.reject(new StoreError("QUORUM_TIMEOUT", "unknown", "late"))
        : Promise.resolve(Buffer.from(answer)),
  };
  const cluster = { view, calls } as unknown as Pick<ServedCluster, "view" | "calls">;
  return new Forwarder(cluster, { monotonicMs: () => 0, sleep: async () => undefined }, 1);
}

const write = {
  slot: 1,
  method: 64,
  encode: () => new Uint8Array(0),
  wallMs: 0,
  isRepeatable: true,
  stamp: undefined,
};

test("a refusal after an attempt that may have been applied says so", async () => {
  const answer = await forwarderTo("-QUORUMUNAVAILABLE NOTAPPLIED too few\r\n").ask(write);
  expect(`${Buffer.from(answer)}`).toBe("-QUORUMUNAVAILABLE UNKNOWN too few\r\n");
});

test("any other answer is passed on", async () => {
  for (const reply of ["+OK\r\n", "-ERR NOTAPPLIED\r\n", "$16\r\n-A NOTAPPLIED x y\r\n"]) {
    expect(`${Buffer.from(await forwarderTo(reply).ask(write))}`).toBe(reply);
  }
});

test("who has nothing to do with the slot any more is not the last to be asked: the plan is renewed, and others are", async () => {
  let epoch = 1;
  const view = {
    self: { id: "a" },
    get epoch() {
      return epoch;
    },
    replicasOf: () => (epoch === 1 ? [{ id: "b" }] : [{ id: "c" }]),
    isUp: () => true,
    distanceTo: () => 1,
    p99Ms: () => 1,
  };
  const calls = {
    call: (to: string) =>
      to === "b"
        ? Promise.reject(new StoreError("STALE_PLAN", "not-applied", "this node keeps no copy of slot 1"))
        : Promise.resolve(Buffer.from("+OK\r\n")),
  };
  const renewPlan = async (): Promise<void> => {
    epoch = 2;
  };
  const cluster = { view, calls, renewPlan } as unknown as ServedCluster;
  const forwarder = new Forwarder(cluster, { monotonicMs: () => 0, sleep: async () => undefined }, 1);
  expect(`${Buffer.from(await forwarder.ask(write))}`).toBe("+OK\r\n");
});
