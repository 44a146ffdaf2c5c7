import fc from "fast-check";
import { expect, test } from "vitest";
import { PendingOperations } from "./pending-operations.ts";

test("comes out as it went in, however often it has grown and gone round", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(1_000), fc.constant(undefined)), { maxLength: 300 }), (steps) => {
      const ring = new PendingOperations();
      const model: number[] = [];
      for (const step of steps) {
        if (step !== undefined) {
          ring.push(step % 8, step / 3, step);
          model.push(step);
        } else if (model.length > 0) {
          const oldest = model.shift()!;
          expect([ring.kind, ring.startMs, ring.record]).toEqual([oldest % 8, oldest / 3, oldest]);
          ring.drop();
        }
        expect(ring.length).toBe(model.length);
      }
    }),
  );
});
