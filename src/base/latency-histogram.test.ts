import { expect, test } from "vitest";
import { LatencyHistogram } from "./latency-histogram.ts";

test("percentiles are within a bucket of the truth", () => {
  const histogram = new LatencyHistogram();
  for (let micros = 1; micros <= 10_000; micros++) histogram.record(micros);
  for (const percent of [1, 50, 90, 99, 99.9]) {
    const truth = percent * 100;
    expect(histogram.percentileMicros(percent)).toBeGreaterThanOrEqual(truth);
    expect(histogram.percentileMicros(percent)).toBeLessThanOrEqual(truth * 1.0625 + 1);
  }
});

test("counts and sums what was recorded, several at once too", () => {
  const histogram = new LatencyHistogram();
  histogram.record(2.5, 4);
  histogram.record(100);
  expect(histogram.count).toBe(5);
  expect(histogram.sumMicros).toBe(110);
});

test("an empty histogram has no percentile above zero", () => {
  expect(new LatencyHistogram().percentileMicros(99)).toBe(0);
});

test("powers of two accumulate and leave out bounds that add nothing", () => {
  const histogram = new LatencyHistogram();
  histogram.record(1, 3);
  histogram.record(5);
  histogram.record(9_999_999_999);
  const pairs = histogram.cumulativeByPowerOfTwo();
  expect(pairs[0]).toEqual([1, 3]);
  expect(pairs[1]).toEqual([8, 4]);
  expect(pairs.at(-1)![1]).toBe(5);
});

test("reset forgets", () => {
  const histogram = new LatencyHistogram();
  histogram.record(7);
  histogram.reset();
  expect([histogram.count, histogram.sumMicros, histogram.percentileMicros(50)]).toEqual([0, 0, 0]);
});

test("one that has recorded nothing is added, taken out and reset without a trace in others", () => {
  const [none, some, fresh] = [new LatencyHistogram(), new LatencyHistogram(), new LatencyHistogram()];
  some.record(100);
  none.subtract(some);
  none.reset();
  some.add(none);
  none.add(some);
  expect([none.count, some.count, fresh.count]).toEqual([1, 1, 0]);
  expect(none.cumulativeUpTo([200])).toEqual([1]);
  expect(fresh.cumulativeUpTo([200])).toEqual([0]);
});
