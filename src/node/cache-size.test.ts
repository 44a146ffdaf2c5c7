import { expect, test } from "vitest";
import { suitableCacheBytes } from "./cache-size.ts";

const MIB = 1024 * 1024;

test.each([
  [256, 32],
  [1024, 64],
  [4096, 256],
  [8192, 512],
  [1024 * 1024, 512],
])("on a machine of %i MiB the cache takes %i MiB", (machine, cache) => {
  expect(suitableCacheBytes({ totalMemoryBytes: () => machine * MIB })).toBe(cache * MIB);
});
