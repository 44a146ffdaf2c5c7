import fc from "fast-check";
import { expect, test } from "vitest";
import { displacedBy, NOBODY } from "./displacement.ts";
import { ringMembers } from "./site.oracle.ts";
import { createSite } from "./site.ts";
import { SiteRing } from "./site-ring.ts";
import { TokenPlacement } from "./token-placement.ts";

const copiesAsked = fc.integer({ min: 1, max: 5 });

test("a token displaces whom it was said to, in every range", () => {
  fc.assert(
    fc.property(ringMembers, copiesAsked, fc.nat(16383), fc.nat(), (members, copies, position, pick) => {
      const site = createSite(members, copies);
      const ring = new SiteRing(site);
      fc.pre(ring.ranges.every((range) => range.position !== position));
      const guest = pick % members.length;
      const index = ring.indexAt(position);
      const expected = ring.ranges.map((range, start) => {
        const steps = (index - start + ring.ranges.length) % ring.ranges.length;
        // The range that is split is asked for the part before the new token.
        const giver =
          start === index || ring.looksAhead(start, steps) ? displacedBy(site, range, guest, steps) : guest;
        const rest = range.replicas.filter((node) => node !== giver);
        if (giver === guest) return { range, replicas: new Set(range.replicas), splits: start === index };
        expect(giver === NOBODY || rest.length < range.replicas.length).toBe(true);
        return { range, replicas: new Set([...rest, guest]), splits: start === index };
      });
      ring.insert(position, guest);
      const inserted = ring.ranges.find((range) => range.position === position)!;
      for (const { range, replicas, splits } of expected) {
        expect(new Set((splits ? inserted : range).replicas)).toEqual(replicas);
      }
    }),
    { numRuns: 400 },
  );
});

test("a token does to the balance what was promised, and taking it away undoes it", () => {
  fc.assert(
    fc.property(ringMembers, copiesAsked, fc.nat(), (members, copies, pick) => {
      const ring = new SiteRing(createSite(members, copies));
      const placement = new TokenPlacement(ring);
      const node = pick % members.length;
      const before = { loads: ring.loads.slice(), unevenness: placement.unevenness() };
      const { position, change } = placement.best(node, 1)!;
      ring.insert(position, node);
      expect(placement.unevenness() - before.unevenness).toBeCloseTo(change, 3);
      ring.remove(ring.indexAt(position));
      expect(ring.loads).toEqual(before.loads);
      expect(ring.loads).toEqual(new SiteRing(ring.site).loads);
    }),
    { numRuns: 150 },
  );
});
