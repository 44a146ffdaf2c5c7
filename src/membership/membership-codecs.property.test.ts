import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeGreeting, encodeGreeting, sortedIds } from "./greeting.ts";
import {
  decodeClusterPlans,
  decodeMembershipRecord,
  encodeClusterPlans,
  encodeMembershipRecord,
} from "./membership-record.ts";
import type { Topology } from "./topology.ts";
import { foundTopologyOf } from "./topology-change.ts";

const id = fc.bigInt(0n, 2n ** 64n - 1n).map((n) => n.toString(16).padStart(16, "0"));
const name = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" });
const newcomer = fc.record({
  id,
  datacenter: name,
  rack: name,
  machine: name,
  weight: fc.integer({ min: 1, max: 3 }),
});
const topology = fc
  .uniqueArray(newcomer, { minLength: 1, maxLength: 4, selector: (each) => each.id })
  .map((founders): Topology => {
    const founded = foundTopologyOf("c", founders);
    if (founded.kind === "refused") throw new Error(founded.reason);
    return founded.topology;
  });
const plans = topology.map((founding) => ({ founding, topology: { ...founding, epoch: 7 } }));
/** Tokens are allocated for each: that takes time. */
const FEW = { numRuns: 25 };

const record = fc.record({
  id,
  generation: fc.nat(),
  plans: fc.option(plans, { nil: undefined }),
  addresses: fc.array(fc.record({ id, address: name })),
});
const greeting = fc.record({
  self: newcomer,
  address: name,
  met: fc.array(id).map(sortedIds),
  clusterId: fc.constantFrom("", "c"),
});

test("what is written is read again", () => {
  fc.assert(
    fc.property(record, (each) => {
      expect(decodeMembershipRecord(encodeMembershipRecord(each))).toEqual(each);
    }),
    FEW,
  );
  fc.assert(
    fc.property(plans, (each) => {
      expect(decodeClusterPlans(encodeClusterPlans(each))).toEqual(each);
    }),
    FEW,
  );
  fc.assert(
    fc.property(greeting, (each) => {
      expect(decodeGreeting(encodeGreeting(each))).toEqual(each);
    }),
    FEW,
  );
});

test("one wrong bit anywhere is noticed", () => {
  const kinds = [
    [fc.sample(record, { numRuns: 1, seed: 3 }).map(encodeMembershipRecord)[0]!, decodeMembershipRecord],
    [fc.sample(greeting, { numRuns: 1, seed: 3 }).map(encodeGreeting)[0]!, decodeGreeting],
  ] as const;
  for (const [bytes, decode] of kinds) {
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const damaged = bytes.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => decode(damaged)).toThrow(expect.objectContaining({ code: "CORRUPTION" }));
    }
  }
});
