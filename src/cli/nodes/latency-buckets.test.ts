import { expect, test } from "vitest";
import { bucketsSince, latencyBuckets, percentileMs } from "./latency-buckets.ts";

const get = ["get", ["calls", 10, "histogram_usec", [64, 4, 128, 9, 1024, 10]]];
const set = ["set", ["calls", 1, "histogram_usec", [128, 1]]];

test("commands are taken together, bucket by bucket; maps and flat arrays are the same", () => {
  const expected = new Map([
    [64, 4],
    [128, 6],
    [1024, 1],
  ]);
  expect(latencyBuckets([...get, ...set] as never)).toEqual(expected);
  const map = new Map([
    [
      "get",
      new Map<string, unknown>([
        ["calls", 10],
        [
          "histogram_usec",
          new Map([
            [64, 4],
            [128, 9],
            [1024, 10],
          ]),
        ],
      ]),
    ],
  ]);
  expect(percentileMs(latencyBuckets(map as never), 50)).toBeCloseTo(0.0768, 3);
});

test("percentiles lie within the bucket that holds them", () => {
  const buckets = latencyBuckets(get as never);
  expect(percentileMs(buckets, 40)).toBe(0.064);
  expect(percentileMs(buckets, 90)).toBe(0.128);
  expect(percentileMs(buckets, 99)!).toBeGreaterThan(0.512);
  expect(percentileMs(new Map(), 99)).toBeUndefined();
});

test("between two readings only what is new counts, and all of it after a restart", () => {
  const earlier = new Map([
    [64, 4],
    [128, 2],
  ]);
  expect(
    bucketsSince(
      earlier,
      new Map([
        [64, 4],
        [128, 7],
      ]),
    ),
  ).toEqual(new Map([[128, 5]]));
  expect(bucketsSince(earlier, new Map([[64, 1]]))).toEqual(new Map([[64, 1]]));
});
