import fc from "fast-check";
import { expect, test } from "vitest";
import { compareHlc, type Hlc, HybridClock, LOGICAL_MAX } from "./hybrid-clock.ts";

const read = ({ wallMs, logical }: HybridClock): Hlc => ({ wallMs, logical });

function tick(clock: HybridClock, physicalMs: number): Hlc {
  clock.tick(physicalMs);
  return read(clock);
}

test("shows the wall clock, and counts within a millisecond", () => {
  const clock = new HybridClock();
  expect(tick(clock, 1000)).toEqual({ wallMs: 1000, logical: 0 });
  expect(tick(clock, 1000)).toEqual({ wallMs: 1000, logical: 1 });
  expect(tick(clock, 1001)).toEqual({ wallMs: 1001, logical: 0 });
});

test("goes on when the wall clock goes back", () => {
  const clock = new HybridClock();
  tick(clock, 1000);
  expect(tick(clock, 500)).toEqual({ wallMs: 1000, logical: 1 });
});

test("borrows from the next millisecond when the logical part is used up", () => {
  const clock = new HybridClock();
  for (let i = 0; i <= LOGICAL_MAX; i++) tick(clock, 1000);
  expect(read(clock)).toEqual({ wallMs: 1000, logical: LOGICAL_MAX });
  expect(tick(clock, 1000)).toEqual({ wallMs: 1001, logical: 0 });
});

test("is later than what it has seen", () => {
  const clock = new HybridClock();
  clock.observe({ wallMs: 1200, logical: 9 }, 1000);
  expect(tick(clock, 1000)).toEqual({ wallMs: 1200, logical: 10 });
});

test("an older stamp changes nothing", () => {
  const clock = new HybridClock();
  tick(clock, 1000);
  clock.observe({ wallMs: 900, logical: 9 }, 1000);
  expect(read(clock)).toEqual({ wallMs: 1000, logical: 0 });
});

test("refuses a stamp too far ahead, and is not moved by it", () => {
  const clock = new HybridClock({ maxAheadMs: 200 });
  const refusal = expect.objectContaining({ code: "CLOCK_SKEW", outcome: "not-applied" });
  clock.observe({ wallMs: 1200, logical: 0 }, 1000);
  expect(() => clock.observe({ wallMs: 1201, logical: 0 }, 1000)).toThrow(refusal);
  expect(read(clock)).toEqual({ wallMs: 1200, logical: 0 });
});

test("does not follow a stamp too far ahead", () => {
  const clock = new HybridClock({ maxAheadMs: 200 });
  expect(clock.follow({ wallMs: 1200, logical: 3 }, 1000)).toBe(true);
  expect(clock.follow({ wallMs: 1300, logical: 0 }, 1000)).toBe(false);
  expect(tick(clock, 1000)).toEqual({ wallMs: 1200, logical: 4 });
});

test("comes back with a wall clock that was far ahead and is set right", () => {
  const clock = new HybridClock({ maxAheadMs: 200 });
  tick(clock, 3_600_000);
  expect(tick(clock, 1000)).toEqual({ wallMs: 1000, logical: 0 });
  expect(tick(clock, 900)).toEqual({ wallMs: 1000, logical: 1 });
});

test("never gives one stamp twice nor an earlier one, whatever the wall clock does", () => {
  const anyEvent = fc.record({ physicalMs: fc.nat(5), observed: fc.option(fc.nat(5)) });
  fc.assert(
    fc.property(fc.array(anyEvent), (events) => {
      const clock = new HybridClock();
      let last: Hlc = { wallMs: -1, logical: 0 };
      for (const { physicalMs, observed } of events) {
        if (observed !== null) clock.observe({ wallMs: observed, logical: observed }, physicalMs);
        const next = tick(clock, physicalMs);
        expect(compareHlc(next, last)).toBeGreaterThan(0);
        expect(observed === null || compareHlc(next, { wallMs: observed, logical: observed }) > 0).toBe(true);
        last = next;
      }
    }),
  );
});
