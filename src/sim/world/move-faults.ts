/**
 * Moves of slots as a nemesis begins them: nodes join, leave, weigh more or less, and lose their disks to be replaced by others. All are
 * asked for once, as a person would: whoever is refused since another move is under way is not asked again.
 */
import type { BegunFault, FaultSite } from "./fault-kinds.ts";
import type { SimCluster } from "./sim-cluster.ts";

export const MOVE_KINDS = ["join", "leave", "reweigh", "replace"] as const;
export type MoveFaultKind = (typeof MOVE_KINDS)[number];

export function isMoveKind(kind: string): kind is MoveFaultKind {
  return (MOVE_KINDS as readonly string[]).includes(kind);
}

export function beginMoveFault(kind: MoveFaultKind, victim: string, site: FaultSite): BegunFault {
  const { cluster, random } = site;
  const newcomer = nextName(cluster);
  switch (kind) {
    case "join": {
      const { datacenter, machine } = cluster.placeOf(victim);
      const isShared = cluster.names.some((name) => name !== victim && cluster.machineOf(name) === machine);
      const own = isShared ? machine : `machine of ${newcomer}`;
      cluster.join({
        name: newcomer,
        datacenter,
        rack: `rack of ${own}`,
        machine: own,
        weight: 1 + random.below(2),
      });
      return { what: `${newcomer} joins`, lastsMs: 0 };
    }
    case "leave":
      cluster.leave(victim);
      return { what: `${victim} is to leave`, lastsMs: 0 };
    case "reweigh": {
      const weight = 1 + random.below(3);
      cluster.reweigh(victim, weight);
      return { what: `${victim} is to weigh ${weight}`, lastsMs: 0 };
    }
    case "replace":
      cluster.replace(victim, newcomer);
      return { what: `${newcomer} takes the place of ${victim}, whose disk is lost`, lastsMs: 0 };
  }
}

/** Of a host that was never there. */
function nextName(cluster: SimCluster): string {
  for (let number = cluster.plan.nodes.length + 1; ; number++) {
    if (!cluster.hasPlace(`n${number}`)) return `n${number}`;
  }
}
