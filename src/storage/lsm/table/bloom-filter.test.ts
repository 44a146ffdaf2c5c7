import { expect, test } from "vitest";
import { utf8 } from "../../../base/bytes.ts";
import { BloomBuilder, BloomFilter } from "./bloom-filter.ts";
import { type Hash64, hashBytes } from "./byte-hash.ts";

function hashOf(text: string): Hash64 {
  const hash = { low: 0, high: 0 };
  const bytes = utf8(text);
  hashBytes(hash, bytes, 0, bytes.length);
  return hash;
}

function filterOf(count: number, bitsPerKey = 10): BloomFilter {
  const builder = new BloomBuilder(bitsPerKey);
  for (let i = 0; i < count; i++) builder.add(hashOf(`user:${i}`));
  return new BloomFilter(builder.finish());
}

test.each([1, 2, 50, 51, 52, 10_000, 40_000])("of %i keys, none is ever missed", (count) => {
  const filter = filterOf(count);
  for (let i = 0; i < count; i++) expect(filter.mayContain(hashOf(`user:${i}`))).toBe(true);
});

test.each([
  [10, 0.013],
  [14, 0.004],
])("at %i bits a key, at most a part of %f of other keys pass", (bitsPerKey, partMax) => {
  const filter = filterOf(40_000, bitsPerKey);
  let passed = 0;
  for (let i = 0; i < 100_000; i++) if (filter.mayContain(hashOf(`nobody:${i}`))) passed++;
  expect(passed / 100_000).toBeLessThan(partMax);
  expect(filter.sizeBytes).toBeLessThan(40_000 * (bitsPerKey / 8) + 128);
});

test("without keys, nothing may be there", () => {
  expect(filterOf(0).mayContain(hashOf("a"))).toBe(false);
});

test("the bytes are what they always were", () => {
  const builder = new BloomBuilder(10);
  builder.add(hashOf("a"));
  const bytes = builder.finish();
  const set = [...bytes.keys()].filter((i) => bytes[i] !== 0).map((i) => `${i}:${bytes[i]}`);
  expect(set.join(" ")).toMatchInlineSnapshot(`"0:1 6:128 16:1 28:32 32:32 40:8 57:1 64:7"`);
});
