/**
 * Moves of slots as a nemesis begins them: nodes join, leave, weigh more or less, and lose their disks to be replaced by others. All are
 * asked for once, as a person would: whoever is refused since another move is under way is not asked again.
 */
import type { SimRandom } from "../sim-random.ts";
import type { SimCluster } from "./sim-cluster.ts";

export const MOVE_KINDS = ["join", "leave", "reweigh", "replace"] as const;
export type MoveFaultKind = (typeof MOVE_KINDS)[number];

export function isMoveKind(kind: string): kind is MoveFaultKind {
  return (MOVE_KINDS as readonly string[]).includes(kind);
}

/** In words, what has been asked for. */
export function beginMoveFault(
  kind: MoveFaultKind,
  victim: string,
  { cluster, random }: { readonly cluster: SimCluster; readonly random: SimRandom },
): string {
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
      return `${newcomer} joins`;
    }
    case "leave":
      cluster.leave(victim);
      return `${victim} is to leave`;
    case "reweigh": {
      const weight = 1 + random.below(3);
      cluster.reweigh(victim, weight);
      return `${victim} is to weigh ${weight}`;
    }
    case "replace":
      cluster.replace(victim, newcomer);
      return `${newcomer} takes the place of ${victim}, whose disk is lost`;
  }
}

/** Of a host that was never there. */
function nextName(cluster: SimCluster): string {
  for (let number = cluster.plan.nodes.length + 1; ; number++) {
    if (!cluster.hasPlace(`n${number}`)) return `n${number}`;
  }
}
