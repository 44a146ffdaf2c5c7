import fc from "fast-check";
import { expect, test } from "vitest";
import { type Event, EventHeap } from "./event-heap.ts";

test("pops interleaved with pushes always give the least by (time, sequence)", () => {
  const steps = fc.array(fc.oneof(fc.nat(20), fc.constant("pop" as const)), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (script) => {
      const heap = new EventHeap();
      let expected: Event[] = [];
      script.forEach((step, sequence) => {
        if (step !== "pop") {
          const event = { atMs: step, sequence, fire: undefined, owner: undefined };
          heap.push(event);
          expected = [...expected, event].sort((a, b) => a.atMs - b.atMs || a.sequence - b.sequence);
          return;
        }
        expect(heap.peek()).toBe(expected[0]);
        expect(heap.pop()).toBe(expected.shift());
        expect(heap.size).toBe(expected.length);
      });
    }),
  );
});
