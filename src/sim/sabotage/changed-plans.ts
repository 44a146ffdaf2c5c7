/** Short stories of a cluster whose plan changes, or falls apart, told alike to sound and to broken nodes. */
import { foundTopologyOf } from "../../membership/topology-change.ts";
import type { Aftermath, History } from "../history/history.ts";
import { promisesOf } from "../history/promises.ts";
import { Recorder } from "../history/recorder.ts";
import { planCluster } from "../world/cluster-plan.ts";
import { DoorClient } from "../world/door-client.ts";
import { type Seams, SimCluster } from "../world/sim-cluster.ts";
import { Survey } from "../world/survey.ts";

interface Story {
  readonly history: History;
  readonly aftermath: Aftermath;
}

const JOINING_MS = 30_000;
const SETTLED_MS = 3_000;
/** Nodes have found out that they do not reach each other. */
const NOTICED_MS = 10_000;
const KEYS = 60;
/** Replicas alone count, and no fallbacks. */
const STRICT = { copies: [{ datacenter: "dc1", count: 3 }], mode: "cp" } as const;

/** Two nodes ask two members of three at the same moment to be taken in. */
export async function joinTwoAtOnce(seed: string, seams: Seams): Promise<Story> {
  const cluster = new SimCluster(seed, planCluster({ nodes: 3 }), { seams });
  await cluster.found();
  for (const [name, member] of [
    ["n4", "n1"],
    ["n5", "n2"],
  ] as const) {
    cluster.add({ name, datacenter: "dc1", rack: name, machine: name, weight: 1 });
    cluster.start(name, { join: [member] });
  }
  const endMs = cluster.world.nowMs + JOINING_MS;
  const isIn = (name: string): boolean => cluster.isUp(name);
  while (cluster.world.nowMs < endMs && !["n4", "n5"].every(isIn)) {
    await cluster.world.runFor(500);
    // Who was refused while the other was taken in asks again, as under a supervisor.
    for (const name of ["n4", "n5"])
      if (cluster.phaseOf(name) === "failed") cluster.start(name, { join: ["n3"] });
  }
  await cluster.world.runFor(SETTLED_MS);
  return { history: historyOf(new Recorder(), 5), aftermath: await lookAt(cluster, []) };
}

/** All members but n2 have a new plan by which most keys have other replicas; a client writes at n2. */
export async function writeByOldPlan(seed: string, seams: Seams): Promise<Story> {
  const cluster = new SimCluster(seed, planCluster({ nodes: 7, keyspace: STRICT }), { seams });
  await cluster.found();
  const { world } = cluster;
  const { network } = world.runtime("client");
  const door = await world.runUntil(DoorClient.connect(network, "n2", 1_000));
  for (const name of cluster.names) if (name !== "n2") adoptNext(cluster, name);
  const recorder = new Recorder();
  const keys = Array.from({ length: KEYS }, (_, i) => `k${i}`);
  await world.runUntil(Promise.all(keys.map((key) => set(door, recorder, key, () => world.nowMs))));
  adoptNext(cluster, "n2");
  await world.runFor(SETTLED_MS);
  return { history: historyOf(recorder, 7), aftermath: await lookAt(cluster, keys) };
}

/**
 * One replica and those who stand in for the others are cut off with a client, which writes, goes over to the others, and
 * reads.
 */
export async function writeCutOff(seed: string, seams: Seams): Promise<Story> {
  const cluster = new SimCluster(seed, planCluster({ nodes: 5, keyspace: STRICT }), { seams });
  await cluster.found();
  const { world, names } = cluster;
  const nowMs = (): number => world.nowMs;
  const [alone, ...others] = new Survey(cluster).replicasOf("n1", "k0");
  const doors = [];
  for (const name of [alone!, others[0]!]) {
    const { network } = world.runtime(`client of ${name}`);
    doors.push(await world.runUntil(DoorClient.connect(network, name, 1_000)));
  }
  const cutOff = names.filter((name) => !others.includes(name));
  world.partition(cutOff, others);
  await world.runFor(NOTICED_MS);
  const recorder = new Recorder();
  await world.runUntil(set(doors[0]!, recorder, "k0", nowMs));
  await world.runUntil(ask(doors[1]!, recorder, ["GET", "k0"], nowMs));
  world.heal();
  await world.runFor(SETTLED_MS);
  return { history: historyOf(recorder, 5), aftermath: await lookAt(cluster, ["k0"]) };
}

function set(door: DoorClient, recorder: Recorder, key: string, nowMs: () => number): Promise<void> {
  return ask(door, recorder, ["SET", key, `c0.${key}`], nowMs);
}

async function ask(
  door: DoorClient,
  recorder: Recorder,
  command: readonly string[],
  nowMs: () => number,
): Promise<void> {
  const asked = { client: 0, node: door.name, family: "register", keys: [command[1]!], command } as const;
  const begun = recorder.begin(asked, nowMs());
  recorder.end(begun, await door.call(...command), nowMs());
}

/** A plan of the same members, of whom three have nearly all tokens. */
function adoptNext(cluster: SimCluster, name: string): void {
  const { cluster: node } = cluster.node(name);
  const { members, clusterId, epoch } = node!.topology;
  if (epoch > 1) return; // it has heard of it
  const founders = members.map(({ id, datacenter, rack, machine }, i) => {
    return { id, datacenter, rack, machine, weight: i >= 4 ? 9 : 1 };
  });
  const founded = foundTopologyOf(clusterId, founders);
  if (founded.kind === "refused") throw new Error(founded.reason);
  node!.adopt({ ...founded.topology, keyspaces: node!.topology.keyspaces, epoch: epoch + 1 });
}

function historyOf({ operations }: Recorder, machines: number): History {
  const promises = promisesOf({
    machines,
    nodes: machines,
    copies: 3,
    read: "quorum",
    write: "quorum",
    isSloppy: false,
    isSynced: true,
    hasKills: false,
    hasCrashes: false,
    hasClockFaults: false,
    isInMemory: false,
    repairsItself: true,
  });
  return { operations, promises };
}

/** At keys, plans and who is up: the rest is left empty. */
async function lookAt(cluster: SimCluster, keys: readonly string[]): Promise<Aftermath> {
  const { world, names } = cluster;
  const survey = new Survey(cluster);
  const up = names.filter((name) => cluster.isUp(name));
  const replicas = new Map<string, ReadonlyMap<string, Uint8Array>>();
  for (const name of up) replicas.set(name, await world.runUntil(survey.copiesAt(name, keys)));
  return {
    healedAtMs: world.nowMs,
    takenAtMs: world.nowMs,
    replicas,
    placement: new Map(keys.map((key) => [key, survey.replicasOf(up[0]!, key)])),
    machines: new Map(up.map((name) => [name, survey.machineOf(name)])),
    datacenters: new Map(up.map((name) => [name, cluster.placeOf(name).datacenter])),
    wallMs: new Map(up.map((name) => [name, world.runtime(name).clock.wallMs()])),
    dots: survey.dots,
    sums: [],
    queues: [],
    plans: new Map(up.map((name) => [name, survey.planAt(name)])),
    moves: [],
    unanswered: [],
    finalReads: new Map(),
    nodesDown: names.filter((name) => !up.includes(name)),
  };
}
