/**
 * The nodes of one datacenter by number, and how many copies of a slot each of its racks takes.
 *
 * Copies go round the racks: every rack that has a machine left gets one more before any gets two more. So a rack
 * takes `base` copies of every slot, and of the `extras` copies that do not go round evenly at most one, if it has
 * a machine for it:
 *
 *   copies 3, racks of 5, 5, 5, 5 machines    base 0 0 0 0   extras 3    three racks, a copy each
 *   copies 3, racks of 5, 5 machines          base 1 1       extras 1
 *   copies 3, racks of 5, 1 machines          base 2 1       extras 0
 */
import type { RingMember } from "./ring-member.ts";

export interface Site {
  /** In the order of their ids. A node's number is its index. */
  readonly members: readonly RingMember[];
  readonly machineOf: Uint16Array;
  readonly rackOf: Uint16Array;
  readonly machineCount: number;
  /** Rack of each machine. */
  readonly rackOfMachine: readonly number[];
  readonly rackCount: number;
  /** What was asked, as far as there are machines. */
  readonly copies: number;
  /** By rack: copies of every slot. */
  readonly base: Uint8Array;
  /** By rack: 1 if it can take an extra. */
  readonly takesExtra: Uint8Array;
  readonly extras: number;
}

/** Requires: members of one datacenter, in the order of their ids. */
export function createSite(members: readonly RingMember[], copiesAsked: number): Site {
  const machines = new Map<string, number>();
  const racks = new Map<string, number>();
  const machineOf = new Uint16Array(members.length);
  const rackOf = new Uint16Array(members.length);
  const rackOfMachine: number[] = [];
  members.forEach(({ machine, rack }, node) => {
    machineOf[node] = numberOf(machines, machine);
    // A machine named with two racks stands in the first: its copies must not count twice.
    rackOfMachine[machineOf[node]!] ??= numberOf(racks, rack);
    rackOf[node] = rackOfMachine[machineOf[node]!]!;
  });
  const sizes = new Uint16Array(racks.size);
  for (const rack of rackOfMachine) sizes[rack]!++;
  const copies = Math.min(copiesAsked, machines.size);
  const numbers = { machineOf, rackOf, rackOfMachine, machineCount: machines.size, rackCount: racks.size };
  return { members, ...numbers, copies, ...spread(sizes, copies) };
}

function spread(sizes: Uint16Array, copies: number): Pick<Site, "base" | "takesExtra" | "extras"> {
  const upTo = (rounds: number): number => sizes.reduce((sum, size) => sum + Math.min(size, rounds), 0);
  let rounds = 0;
  while (rounds < copies && upTo(rounds + 1) <= copies) rounds++;
  return {
    base: Uint8Array.from(sizes, (size) => Math.min(size, rounds)),
    takesExtra: Uint8Array.from(sizes, (size) => (size > rounds ? 1 : 0)),
    extras: copies - upTo(rounds),
  };
}

function numberOf(numbers: Map<string, number>, name: string): number {
  const number = numbers.get(name) ?? numbers.size;
  numbers.set(name, number);
  return number;
}
