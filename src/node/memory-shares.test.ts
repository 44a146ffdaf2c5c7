import { expect, test } from "vitest";
import { suitableCacheBytes, suitableMemtableBytes } from "./memory-shares.ts";

const MIB = 1024 * 1024;

test.each([
  [256, 32, 32],
  [1024, 64, 32],
  [4096, 256, 64],
  [5000, 312.5, 78],
  [16 * 1024, 1024, 256],
  [1024 * 1024, 1024, 256],
])("on a machine of %i MiB the cache takes %f MiB, and a memtable %i", (memory, cache, memtable) => {
  const machine = { totalMemoryBytes: () => memory * MIB };
  expect(suitableCacheBytes(machine)).toBe(cache * MIB);
  expect(suitableMemtableBytes(machine)).toBe(memtable * MIB);
});
