/** Draws a configuration from a seed: what no test would put together, a thousand seeds do. */
import { FSYNC_POLICIES } from "../../node/settings.ts";
import type { Family } from "../history/history.ts";
import { SimRandom } from "../sim-random.ts";
import { FULL_MIX, type Mix } from "./request-maker.ts";
import type { RunWishes } from "./run-plan.ts";

/** One of the pairs; quorums that overlap most often, since they promise most. */
const LEVELS = [
  ["quorum", "quorum"],
  ["quorum", "quorum"],
  ["quorum", "quorum"],
  ["one", "all"],
  ["all", "one"],
  ["one", "one"],
  ["one", "quorum"],
  ["all", "all"],
] as const;

/** Where there are two datacenters: what counts their machines apart, too. */
const LEVELS_OF_TWO = [
  ["each_quorum", "each_quorum"],
  ["local_quorum", "each_quorum"],
  ["each_quorum", "local_quorum"],
  ["local_quorum", "local_quorum"],
  ["quorum", "each_quorum"],
  ["local_quorum", "quorum"],
] as const;

/** Some dozens of hints. */
const HINT_BYTES_FEW = 4 * 1024;
const NODE_COUNTS = [1, 2, 3, 3, 3, 4, 5, 5, 5, 6, 7];

export function drawWishes(seed: string, faultsMs: number): RunWishes {
  const random = new SimRandom(`${seed}/swarm`);
  const pick = <T>(all: readonly T[]): T => all[random.below(all.length)]!;
  const nodes = pick(NODE_COUNTS);
  const datacenters = nodes >= 4 && random.oneIn(4) ? 2 : 1;
  const founds = random.oneIn(2);
  const [read, write] = pick(LEVELS);
  const isInMemory = random.oneIn(5);
  const apart = datacenters === 1 ? undefined : drawDatacenters(new SimRandom(`${seed}/datacenters`));
  return {
    seed,
    faultsMs,
    nodes,
    datacenters,
    founds,
    read,
    write,
    nodesPerMachine: nodes >= 6 && random.oneIn(2) ? 2 : 1,
    ...(!founds && { copies: 1 + random.below(Math.min(5, nodes)), isSloppy: random.oneIn(2) }),
    settings: {
      storage: isInMemory ? "memory" : "disk",
      fsync: pick([...FSYNC_POLICIES, "always"]),
      memtableBytes: pick([64, 256, 1024]) * 1024,
    },
    clients: 1 + random.below(10),
    thinkMs: pick([50, 200, 500]),
    keysPerFamily: pick([1, 3, 8, 30]),
    skew: pick([0, 0.8, 1.2]),
    mix: drawMix(random),
    clockFaults: random.oneIn(2),
    wipes: new SimRandom(`${seed}/wipes`).oneIn(2),
    endsEarly: !new SimRandom(`${seed}/patience`).oneIn(4),
    faultEveryMs: pick([1_000, 3_000, 8_000]),
    moves: random.oneIn(2),
    ...apart,
    ...(new SimRandom(`${seed}/doubles`).oneIn(4) && { doublesMessages: true }),
    ...(new SimRandom(`${seed}/hints`).oneIn(4) && { hintBytesMax: HINT_BYTES_FEW }),
    ...(founds && new SimRandom(`${seed}/keyspaces`).oneIn(3) && drawKeyspaces(seed)),
  };
}

/** Of its own chance, so that it changes no other draw. Half of them keep the levels that were drawn for all. */
function drawDatacenters(random: SimRandom): Pick<RunWishes, "farMs" | "read" | "write"> {
  const farMs = [0, 10, 40, 80][random.below(4)]!;
  const [read, write] = LEVELS_OF_TWO[random.below(LEVELS_OF_TWO.length)]!;
  return random.oneIn(2) ? { farMs } : { farMs, read, write };
}

/** In words, for whoever reads a report. */
export function describeWishes(wishes: RunWishes): string {
  const {
    nodes,
    datacenters,
    farMs = 0,
    founds,
    copies = 3,
    read,
    write,
    isSloppy,
    settings,
    clients,
    clockFaults,
    moves,
  } = wishes;
  const parts = [
    `${nodes} nodes`,
    datacenters === 1 ? "" : `${datacenters} datacenters${farMs > 0 ? ` ${farMs} ms apart` : ""}`,
    `N=${copies} R=${read} W=${write}`,
    founds === true || isSloppy !== false ? "" : "strict",
    `${settings?.storage}${settings?.storage === "disk" ? ` ${settings.fsync}` : ""}`,
    `${clients} clients`,
    clockFaults === true ? "clocks wrong" : "",
    founds === true && moves === true ? "slots move" : "",
    keyspacesIn(wishes),
    wishes.doublesMessages === true ? "messages twice" : "",
    wishes.hintBytesMax === undefined ? "" : "few hints",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function drawKeyspaces(seed: string): Pick<RunWishes, "keyspaces" | "keyspacesInMemory"> {
  const areSomeInMemory = new SimRandom(`${seed}/keyspaces in memory`).oneIn(2);
  return { keyspaces: true, ...(areSomeInMemory && { keyspacesInMemory: true }) };
}

function keyspacesIn({ keyspaces, keyspacesInMemory }: RunWishes): string {
  if (keyspaces !== true) return "";
  return keyspacesInMemory === true ? "keyspaces, some in memory" : "keyspaces";
}

/** All families, or few of them. */
function drawMix(random: SimRandom): Mix {
  const otherLevelsOneIn = random.oneIn(2) ? 0 : 8;
  if (random.oneIn(2)) return { ...FULL_MIX, otherLevelsOneIn };
  const families = Object.entries(FULL_MIX.families).filter(() => random.oneIn(2)) as [Family, number][];
  if (families.length === 0) return FULL_MIX;
  return { families: Object.fromEntries(families), otherLevelsOneIn };
}
