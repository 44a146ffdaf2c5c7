import fc from "fast-check";
import { expect, test } from "vitest";
import { PlacementPlan } from "./placement-plan.ts";
import { planChange } from "./plan-change.ts";
import { ringMembers, slowReplicas, slowWalk } from "./site.oracle.ts";

const slots = fc.array(fc.nat(16383), { minLength: 8, maxLength: 8 });

test("replicas and fallbacks are those of a slow walk, rounds of racks and all", () => {
  fc.assert(
    fc.property(ringMembers, fc.integer({ min: 1, max: 6 }), slots, (members, copies, some) => {
      const plan = new PlacementPlan(members, new Map([["d", copies]]));
      for (const slot of [...some, 0, 16383, ...members[0]!.tokens]) {
        const replicas = slowReplicas(members, slot, copies);
        const rest = slowWalk(members, slot).filter(({ id }) => !replicas.includes(id));
        // Within a round the slow way and the plan both keep the order of the walk.
        expect(plan.replicasOf(slot)).toEqual(replicas);
        expect(plan.fallbacksOf(slot)).toEqual(rest.map(({ id }) => id));
      }
    }),
    { numRuns: 100 },
  );
});

test("a slot that is as the one before has its very lists, and few slots are not", () => {
  fc.assert(
    fc.property(ringMembers, fc.integer({ min: 1, max: 4 }), (members, copies) => {
      const plan = new PlacementPlan(members, new Map([["d", copies]]));
      const tokens = new Set(members.flatMap((member) => member.tokens));
      const starts = new Set(plan.starts);
      let others = 0;
      for (let slot = 0; slot < 16384; slot++) {
        if (slot === 0 || !plan.isAsBefore(slot)) expect(starts.has(slot)).toBe(true);
        if (!plan.isAsBefore(slot)) others++;
        else if (slot % 97 === 0 || tokens.has(slot) || tokens.has(slot - 1)) {
          expect(plan.replicasOf(slot)).toEqual(plan.replicasOf(slot - 1));
          expect(plan.fallbacksOf(slot)).toEqual(plan.fallbacksOf(slot - 1));
        }
      }
      expect(others).toBeLessThanOrEqual(tokens.size + 1);
      expect(plan.starts).toEqual([...starts].sort((a, b) => a - b));
      expect(plan.starts.length).toBeLessThanOrEqual(tokens.size + 1);
    }),
    { numRuns: 20 },
  );
});

test("narrowed to fewer copies, it has the replicas of a plan for so many: the first of its own; the others stand in first", () => {
  const copiesOf = fc.integer({ min: 0, max: 6 });
  fc.assert(
    fc.property(
      ringMembers,
      ringMembers,
      copiesOf,
      copiesOf,
      copiesOf,
      slots,
      (here, there, a, b, k, some) => {
        const members = [...here, ...there.map((each) => ({ ...each, id: `o${each.id}`, datacenter: "o" }))];
        const whole = new PlacementPlan(members, new Map(Object.entries({ d: a, o: b })));
        const fewer = new Map(Object.entries({ d: Math.min(k, a), o: Math.floor(b / 2) }));
        const narrowed = whole.narrowedTo(fewer);
        const own = new PlacementPlan(members, fewer);
        expect(narrowed.copies).toBe(own.copies);
        for (const slot of some) {
          const replicas = narrowed.replicasOf(slot);
          expect(replicas).toEqual(own.replicasOf(slot));
          for (const id of replicas) expect(whole.holds(whole.numberOf(id)!, slot)).toBe(true);
          for (const { id } of members) {
            expect(narrowed.holds(narrowed.numberOf(id)!, slot)).toBe(replicas.includes(id));
          }
          const fallbacks = narrowed.fallbacksOf(slot);
          expect([...fallbacks].sort()).toEqual([...own.fallbacksOf(slot)].sort());
          const rankOf = (id: string): number => (whole.holds(whole.numberOf(id)!, slot) ? 0 : 1);
          for (const datacenter of ["d", "o"]) {
            const ranks = fallbacks.filter((id) => id.startsWith("o") === (datacenter === "o")).map(rankOf);
            expect(ranks).toEqual([...ranks].sort());
          }
        }
      },
    ),
    { numRuns: 100 },
  );
});

test("a plan that has no more copies than asked for is not made anew", () => {
  fc.assert(
    fc.property(ringMembers, fc.integer({ min: 1, max: 6 }), (members, copies) => {
      const plan = new PlacementPlan(members, new Map([["d", copies]]));
      expect(plan.narrowedTo(new Map([["d", copies]]))).toBe(plan);
      expect(plan.narrowedTo(new Map([["d", 9]]))).toBe(plan);
    }),
    { numRuns: 20 },
  );
});

test("a change names exactly who gains and who loses", () => {
  fc.assert(
    fc.property(ringMembers, fc.integer({ min: 1, max: 3 }), (members, copies) => {
      const asked = new Map([["d", copies]]);
      const before = new PlacementPlan(members.slice(1), asked);
      const after = new PlacementPlan(members, asked);
      const changes = new Map(planChange(before, after).map((change) => [change.slot, change]));
      for (let slot = 0; slot < 16384; slot += 97) {
        const old = new Set(before.replicasOf(slot));
        for (const id of changes.get(slot)?.losing ?? []) expect(old.delete(id)).toBe(true);
        for (const id of changes.get(slot)?.gaining ?? []) old.add(id);
        expect(old).toEqual(new Set(after.replicasOf(slot)));
      }
    }),
    { numRuns: 20 },
  );
});
