/** Each fault must do what it is called, and end: else a run of it shows nothing. */
import { expect, test } from "vitest";
import { LsmEngine } from "../../storage/lsm/lsm-engine.ts";
import { SimRandom } from "../sim-random.ts";
import { planCluster } from "./cluster-plan.ts";
import { DoorClient } from "./door-client.ts";
import { type BegunFault, beginFault, type FaultKind } from "./fault-kinds.ts";
import { SimCluster } from "./sim-cluster.ts";

const KEYSPACE = { copies: [{ datacenter: "dc1", count: 3 }] };

/** Three nodes that have known each other, on disk, and the fault at n2. Restarts come when they shall. */
async function struck(kind: FaultKind, seed = "1") {
  const settings = { storage: "disk", fsync: "always", memtableBytes: 64 * 1024 } as const;
  const cluster = new SimCluster(`${kind} ${seed}`, planCluster({ nodes: 3, settings, keyspace: KEYSPACE }));
  await cluster.found();
  const { scheduler } = cluster.world;
  const restartLater = (name: string, afterMs: number, peerPort?: number): void => {
    scheduler.after(afterMs, () => cluster.start(name, peerPort === undefined ? {} : { peerPort }));
  };
  const site = { cluster, random: new SimRandom(seed), bystanders: [], restartLater };
  const strike = (): BegunFault => beginFault(kind, "n2", site);
  return { cluster, strike };
}

async function comesBack(cluster: SimCluster): Promise<void> {
  await cluster.runUntilUp(["n2"], 40_000);
  await cluster.world.runFor(5_000);
  const seen = cluster.node("n1").cluster!.members();
  expect(seen.map(({ isUp }) => isUp)).toEqual([true, true, true]);
}

test("a wipe takes all that is on the disk, and the node comes back", async () => {
  const { cluster, strike } = await struck("wipe");
  const { actor } = cluster.node("n2");
  strike();
  expect(cluster.phaseOf("n2")).toBe("off");
  expect(cluster.world.disk("n2").paths).toEqual([]);
  await comesBack(cluster);
  expect(cluster.node("n2").actor).not.toBe(actor);
});

test("after a new address others find the node there, and it is who it was", async () => {
  const { cluster, strike } = await struck("new address");
  const { id } = cluster.node("n2").cluster!.self;
  const addresses = (): readonly (number | undefined)[] =>
    cluster
      .node("n1")
      .cluster!.members()
      .filter((member) => member.id === id)
      .map(({ peerPort }) => peerPort);
  const before = addresses();
  strike();
  await comesBack(cluster);
  expect(addresses()).toHaveLength(1);
  expect(addresses()).not.toEqual(before);
});

test("disk errors befall steps of the disk of that node until they end", async () => {
  const { cluster, strike } = await struck("disk errors");
  const { what, end } = strike();
  expect(what).toMatch(
    /^disk errors n2: (read|write|sync)ErrorOneIn \d+$|^disk errors n2: flippedReadOneIn \d+$/,
  );
  const tries = async (name: string): Promise<number> => {
    const disk = cluster.world.runtime(name).disk;
    let failed = 0;
    for (let i = 0; i < 200; i++) {
      const file = await disk.open(`/data/try${i}`);
      try {
        await file.append(Uint8Array.of(i));
        await file.sync();
        const bytes = await file.read(0, 1);
        if (bytes[0] !== i) failed++;
      } catch {
        failed++;
      }
      await file.close();
    }
    return failed;
  };
  expect(await cluster.world.runUntil(tries("n2"))).toBeGreaterThan(0);
  expect(await cluster.world.runUntil(tries("n1"))).toBe(0);
  end!();
  expect(await cluster.world.runUntil(tries("n2"))).toBe(0);
});

test("bit rot turns one bit of a table, and of nothing else", async () => {
  const { cluster, strike } = await struck("bit rot");
  const { world } = cluster;
  const door = await world.runUntil(DoorClient.connect(world.runtime("client").network, "n2", 1_000));
  await world.runUntil(door.call("SET", "k", "v"));
  const { main } = cluster.node("n2").engine;
  if (!(main instanceof LsmEngine)) throw new Error("rows are on disk");
  (await world.runUntil(main.flush())).release();
  const before = world.disk("n2").backUp().contents;
  strike();
  const after = new Map(world.disk("n2").backUp().contents);
  const changed = before.filter(([path, bytes]) => differingBits(bytes, after.get(path)!) > 0);
  expect(changed.map(([path]) => path)).toEqual([expect.stringMatching(/\.sst$/)]);
  const [path, bytes] = changed[0]!;
  expect(differingBits(bytes, after.get(path)!)).toBe(1);
});

function differingBits(a: Uint8Array, b: Uint8Array): number {
  expect(b).toHaveLength(a.length);
  let count = 0;
  for (let i = 0; i < a.length; i++) for (let x = a[i]! ^ b[i]!; x > 0; x &= x - 1) count++;
  return count;
}
