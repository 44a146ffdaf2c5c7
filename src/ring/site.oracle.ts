/** The ring as its definition says it, slowly; and members at random to hold the quick one to it. */
import fc from "fast-check";
import type { RingMember } from "./ring-member.ts";

/** Members of one datacenter with at least one token each. */
export const ringMembers: fc.Arbitrary<readonly RingMember[]> = fc
  .tuple(
    fc.array(fc.record({ machine: fc.nat(5), tokenCount: fc.integer({ min: 1, max: 4 }) }), {
      minLength: 1,
      maxLength: 9,
    }),
    fc.array(fc.nat(3), { minLength: 6, maxLength: 6 }),
    fc.uniqueArray(fc.nat(16383), { minLength: 36, maxLength: 36 }),
  )
  .map(([nodes, rackOfMachine, positions]) =>
    nodes.map(({ machine, tokenCount }, i) => ({
      id: `n${i}`,
      datacenter: "d",
      rack: `r${rackOfMachine[machine]}`,
      machine: `m${machine}`,
      weight: 1,
      tokens: positions.slice(i * 4, i * 4 + tokenCount).sort((a, b) => a - b),
    })),
  );

/** The ids of the slot's replicas in the order of rounds: every rack once, then every rack twice, and so on. */
export function slowReplicas(
  members: readonly RingMember[],
  slot: number,
  copies: number,
): readonly string[] {
  const walk = slowWalk(members, slot);
  const chosen: RingMember[] = [];
  const machineCount = new Set(walk.map(({ machine }) => machine)).size;
  for (let round = 1; chosen.length < Math.min(copies, machineCount); round++) {
    for (const member of walk) {
      if (chosen.length === copies) break;
      if (chosen.some(({ machine }) => machine === member.machine)) continue;
      if (chosen.filter(({ rack }) => rack === member.rack).length < round) chosen.push(member);
    }
  }
  return chosen.map(({ id }) => id);
}

/** Every member once, in the order in which the walk from `slot` meets them. */
export function slowWalk(members: readonly RingMember[], slot: number): readonly RingMember[] {
  const distance = (token: number): number => (token - slot + 16384) % 16384;
  const tokens = members.flatMap((member) => member.tokens.map((token) => ({ member, token })));
  tokens.sort((a, b) => distance(a.token) - distance(b.token));
  return [...new Set(tokens.map(({ member }) => member))];
}
