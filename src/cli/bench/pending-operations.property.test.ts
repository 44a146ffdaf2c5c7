import fc from "fast-check";
import { expect, test } from "vitest";
import { ANY_RECORD, PendingOperations } from "./pending-operations.ts";

type Operation = readonly [kind: number, startMs: number, record: number];

const operation: fc.Arbitrary<Operation> = fc.tuple(
  fc.nat(1),
  fc.constantFrom(0.5, 1.5),
  fc.constantFrom(ANY_RECORD, ANY_RECORD, 7, 8),
);

test("comes out as it went in, alike ones together, however often it has grown and gone round", () => {
  const steps = fc.array(fc.oneof({ weight: 3, arbitrary: operation }, fc.integer({ min: 1, max: 9 })), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(steps, (taken) => {
      const ring = new PendingOperations();
      const model: Operation[] = [];
      for (const step of taken) {
        if (typeof step === "object") {
          ring.push(...step);
          model.push(step);
        } else if (model.length > 0) {
          const oldest: Operation = [ring.kind, ring.startMs, ring.record];
          const dropped = ring.drop(step);
          expect(dropped).toBeGreaterThan(0);
          expect(dropped).toBeLessThanOrEqual(step);
          expect(model.splice(0, dropped)).toEqual(Array.from({ length: dropped }, () => oldest));
        }
        expect(ring.length).toBe(model.length);
      }
    }),
  );
});

test("a pipeline of one kind and one moment is dropped at once, but no two records are", () => {
  const ring = new PendingOperations();
  for (let i = 0; i < 100; i++) ring.push(1, 5, ANY_RECORD);
  expect([ring.drop(30), ring.drop(1_000)]).toEqual([30, 70]);
  for (const record of [3, 3]) ring.push(2, 5, record);
  expect([ring.drop(2), ring.drop(2)]).toEqual([1, 1]);
});
