/**
 * What a consistency level asks for, of the slot it is asked of: so many machines, of one datacenter or of any.
 *
 *   replicas of a slot: a1 a2 a3 in "ams", b1 b2 in "ber"; asked in "ams"
 *
 *   one            any 1              local_quorum   ams 2
 *   quorum         any 3              each_quorum    ams 2, ber 2
 *   all            any 5              4              any 4
 *
 * N is what there is: the distinct machines of the preference list, which the ring has already limited to the machines of
 * the topology, up or not. So one node alone is its own quorum. Pure.
 */
import { CONSISTENCIES, type ConsistencyLevel } from "../membership/topology.ts";
import type { NodeId, RingMember } from "../ring/ring-member.ts";

export type { ConsistencyLevel };

/** Who may answer, and where he stands. */
export type Participant = Pick<RingMember, "id" | "machine" | "rack" | "datacenter">;

export interface QuorumGroup {
  /** Undefined: machines of any datacenter count. */
  readonly datacenter: string | undefined;
  /** Distinct machines; at least 1. */
  readonly machineCount: number;
}

/** Every group must be met. No two groups are of one datacenter; one of any stands alone. */
export type QuorumNeed = readonly QuorumGroup[];

export type QuorumNeedResult =
  | { readonly kind: "need"; readonly need: QuorumNeed }
  /** No state of the cluster could meet it while its plan is what it is. `reason` is for people. */
  | { readonly kind: "impossible"; readonly reason: string };

export function quorumNeed(
  level: ConsistencyLevel,
  replicas: readonly Participant[],
  localDatacenter: string,
): QuorumNeedResult {
  const copies = countMachines(replicas, undefined);
  if (copies === 0) return impossible("the plan gives the slot no replica");
  if (typeof level === "number") return numberNeed(level, copies);
  switch (level) {
    case "one":
      return anyOf(1);
    case "quorum":
      return anyOf(majority(copies));
    case "all":
      return anyOf(copies);
    case "local_quorum": {
      const here = countMachines(replicas, localDatacenter);
      if (here === 0) return impossible(`datacenter ${localDatacenter} keeps no copy of the slot`);
      return { kind: "need", need: [{ datacenter: localDatacenter, machineCount: majority(here) }] };
    }
    case "each_quorum":
      return { kind: "need", need: eachQuorum(replicas) };
  }
}

/**
 * True if those of the owners that `ids` names are a majority, and one in each datacenter: whatever was acknowledged at a quorum, of all
 * or of any datacenter, is at one of them, and there is no quorum without them. Of a datacenter which `departing` leaves for
 * good, all the others will do. Also true of nobody, where there are no owners.
 */
export function holdMajorities(
  owners: readonly Participant[],
  ids: readonly NodeId[],
  departing?: NodeId,
): boolean {
  const holders = owners.filter(({ id }) => ids.includes(id));
  const staying = owners.filter(({ id }) => id !== departing);
  const isHeld = ({ datacenter, machineCount }: QuorumGroup): boolean =>
    countMachines(holders, datacenter) >= Math.min(machineCount, countMachines(staying, datacenter));
  const copies = countMachines(owners, undefined);
  return (
    (copies === 0 || countMachines(holders, undefined) >= majority(copies)) &&
    eachQuorum(owners).every(isHeld)
  );
}

export function isAmong(nodes: readonly Participant[], id: NodeId): boolean {
  for (const node of nodes) if (node.id === id) return true;
  return false;
}

/** The level that `text` names in any case, or undefined. */
export function parseConsistency(text: string): ConsistencyLevel | undefined {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  return CONSISTENCIES.find((word) => word === text.toLowerCase());
}

/** How many machines more are missing when these have answered: 0 if the need is met. Hot: allocates nothing. */
export function missingMachines(need: QuorumNeed, answered: readonly Participant[]): number {
  let missing = 0;
  for (const { datacenter, machineCount } of need) {
    missing += Math.max(0, machineCount - countMachines(answered, datacenter));
  }
  return missing;
}

/** Distinct machines among `members`, of one datacenter or of all. There are about as many as copies: no set is worth it. */
export function countMachines(members: readonly Participant[], datacenter: string | undefined): number {
  let count = 0;
  for (let i = 0; i < members.length; i++) {
    const member = members[i]!;
    if (datacenter !== undefined && member.datacenter !== datacenter) continue;
    let isFirst = true;
    for (let j = 0; j < i && isFirst; j++) isFirst = !sharesMachine(members[j]!, member, datacenter);
    if (isFirst) count++;
  }
  return count;
}

function sharesMachine(a: Participant, b: Participant, datacenter: string | undefined): boolean {
  return a.machine === b.machine && (datacenter === undefined || a.datacenter === datacenter);
}

function numberNeed(level: number, copies: number): QuorumNeedResult {
  if (!Number.isSafeInteger(level) || level < 1) return impossible(`${level} is no number of machines`);
  if (level > copies) return impossible(`${level} machines are asked for, and ${copies} keep a copy`);
  return anyOf(level);
}

function eachQuorum(replicas: readonly Participant[]): QuorumNeed {
  const datacenters = [...new Set(replicas.map(({ datacenter }) => datacenter))];
  return datacenters.map((datacenter) => ({
    datacenter,
    machineCount: majority(countMachines(replicas, datacenter)),
  }));
}

function anyOf(machineCount: number): QuorumNeedResult {
  return { kind: "need", need: [{ datacenter: undefined, machineCount }] };
}

function impossible(reason: string): QuorumNeedResult {
  return { kind: "impossible", reason };
}

function majority(copies: number): number {
  return Math.floor(copies / 2) + 1;
}
