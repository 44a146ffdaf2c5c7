/**
 * How long a node takes to get back what it has missed or lost, and how much is sent for it, by amount of data: three whole
 * nodes on disk, of which one is down, or loses its disk. Nobody reads or writes meanwhile.
 */
import { utf8 } from "../../base/bytes.ts";
import { planCluster } from "../world/cluster-plan.ts";
import { DoorClient } from "../world/door-client.ts";
import { SimCluster } from "../world/sim-cluster.ts";

export interface RecoveryFigures {
  readonly rows: number;
  /** Of keys and values. */
  readonly dataBytes: number;
  /** From the moment the node serves clients again until it has every row. */
  readonly tookMs: number;
  /** Sent between nodes meanwhile, both ways, gossip included. */
  readonly sentBytes: number;
}

export type Loss = "down" | "wiped";

const VALUE_BYTES = 100;
const ROWS_PER_REQUEST = 100;
const PATIENCE_MS = 3_600_000;
const STEP_MS = 250;
const CLIENT = "client";
const VICTIM = "n3";
const LINK = { baseMs: 0.5, jitterMs: 0.2 };

/** `down`: the rows are written while it is down. `wiped`: it had them, and comes back with an empty disk. */
export async function measureRecovery(rows: number, loss: Loss): Promise<RecoveryFigures> {
  const keyspace = { copies: [{ datacenter: "dc1", count: 3 }] };
  const plan = planCluster({ nodes: 3, settings: { storage: "disk" }, keyspace });
  const cluster = new SimCluster(`recovery ${rows} ${loss}`, plan);
  const { world } = cluster;
  for (const name of cluster.names) world.place(name, "dc1");
  world.setGroupLatency("dc1", "dc1", LINK);
  await cluster.found();
  if (loss === "down") cluster.kill(VICTIM);
  await world.runFor(2_000);
  const keys = await write(cluster, rows);
  await world.runFor(2_000);
  if (loss === "wiped") cluster.wipe(VICTIM);
  await world.runFor(2_000);
  cluster.start(VICTIM);
  await cluster.runUntilUp([VICTIM], 60_000);
  const [beganMs, beganBytes] = [world.nowMs, sentBytes(cluster)];
  while (!(await hasAll(cluster, keys))) {
    if (world.nowMs - beganMs > PATIENCE_MS) throw new Error(`${VICTIM} does not get everything back`);
    await world.runFor(STEP_MS);
  }
  const dataBytes = keys.reduce((sum, key) => sum + key.length + VALUE_BYTES, 0);
  return { rows, dataBytes, tookMs: world.nowMs - beganMs, sentBytes: sentBytes(cluster) - beganBytes };
}

async function write({ world }: SimCluster, rows: number): Promise<readonly string[]> {
  const keys = Array.from({ length: rows }, (_, i) => `key:${i}`);
  const client = await world.runUntil(DoorClient.connect(world.runtime(CLIENT).network, "n1", 1_000));
  for (let from = 0; from < rows; from += ROWS_PER_REQUEST) {
    const some = keys.slice(from, from + ROWS_PER_REQUEST);
    const outcome = await world.runUntil(
      client.call("MSET", ...some.flatMap((key) => [key, key.padEnd(VALUE_BYTES)])),
    );
    if (outcome.kind !== "reply") throw new Error(`could not write: ${outcome.error}`);
  }
  client.close();
  return keys;
}

/** From the last written on, since that is missing longest. */
async function hasAll(cluster: SimCluster, keys: readonly string[]): Promise<boolean> {
  const { received } = cluster.node(VICTIM).replica;
  const looking = (async () => {
    for (const key of keys.toReversed()) {
      if ((await received.load({ database: 0, key: utf8(key) })) === undefined) return false;
    }
    return true;
  })();
  return cluster.world.runUntil(looking);
}

function sentBytes({ world, names }: SimCluster): number {
  const { links } = world.network;
  let sum = 0;
  for (const from of names)
    for (const to of names) sum += from === to ? 0 : links.between(from, to).carriedBytes;
  return sum;
}
