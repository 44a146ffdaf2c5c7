/**
 * What one more token would change in a walk, told without walking again.
 *
 * A guest is a token that is not there yet. It is met after `steps` tokens of a walk, and either taken, so that one of
 * the nodes taken now gives its copy up to it, or passed over. Who gives up: the node of its machine; else, if its
 * rack then has more than it may, the rack's last; else the last extra of all (site.ts says what an extra is).
 */
import type { Site } from "./site.ts";
import type { Range } from "./site-ring.ts";

/** As the node that gives up: nobody does, for the walk finds too few nodes as it is. */
export const NOBODY = -1;

/** The node that gives up its copies of the range to the guest; the guest itself if nothing changes. */
export function displacedBy(
  site: Site,
  { replicas, steps }: Range,
  guest: number,
  guestSteps: number,
): number {
  const { machineOf, rackOf, base, takesExtra } = site;
  const rack = rackOf[guest]!;
  let mates = 0;
  let lastMate = -1;
  for (let i = 0; i < replicas.length; i++) {
    const node = replicas[i]!;
    if (machineOf[node] === machineOf[guest]) return steps[i]! < guestSteps ? guest : node;
    if (rackOf[node] !== rack) continue;
    mates++;
    lastMate = i;
  }
  if (replicas.length < site.copies) return mates < base[rack]! + takesExtra[rack]! ? NOBODY : guest;
  const mateGivesUp = lastMate >= 0 && steps[lastMate]! >= guestSteps ? replicas[lastMate]! : guest;
  if (mates > base[rack]! || takesExtra[rack] === 0) return mateGivesUp;
  // The rack would have one more than its base: an extra, from where its last node is met.
  const last = lastExtra(site, replicas);
  const extraSteps = Math.max(guestSteps, lastMate >= 0 ? steps[lastMate]! : 0);
  return last >= 0 && extraSteps <= steps[last]! ? replicas[last]! : mateGivesUp;
}

/** Index of the last replica that is one more than its rack's base, or -1. */
function lastExtra({ rackOf, base }: Site, replicas: readonly number[]): number {
  for (let i = replicas.length - 1; i >= 0; i--) {
    const rack = rackOf[replicas[i]!]!;
    let before = 0;
    for (let j = 0; j < i; j++) if (rackOf[replicas[j]!] === rack) before++;
    if (before === base[rack]) return i;
  }
  return -1;
}
