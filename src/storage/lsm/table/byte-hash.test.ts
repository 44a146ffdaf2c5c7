import { expect, test } from "vitest";
import { utf8 } from "../../../base/bytes.ts";
import { type Hash64, hashBytes, hashPair } from "./byte-hash.ts";

function hexOf({ low, high }: Hash64): string {
  return [high, low].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

function hash(bytes: Uint8Array): Hash64 {
  const into = { low: 0, high: 0 };
  hashBytes(into, bytes, 0, bytes.length);
  return into;
}

function pair(first: string, second: string): string {
  const into = { low: 0, high: 0 };
  const [a, b] = [utf8(first), utf8(second)];
  hashPair(into, { bytes: a, start: 0, end: a.length }, { bytes: b, start: 0, end: b.length });
  return hexOf(into);
}

test("the hashes are what they always were: they are on disk", () => {
  expect(
    ["", "a", "abc", "abcd", "abcde", "user:0000001"].map((text) => hexOf(hash(utf8(text)))),
  ).toMatchInlineSnapshot(`
    [
      "6da5987975877a15",
      "47ab87fc4016eb6d",
      "1de6258da4ed98a7",
      "13663f67c921e804",
      "896c63442149d090",
      "57bfd062ead9aac6",
    ]
  `);
  expect([pair("", ""), pair("key", "version")]).toMatchInlineSnapshot(`
    [
      "8760114146d897d5",
      "626449ed399d0812",
    ]
  `);
});

test("where the bytes lie does not matter, and what lies around them", () => {
  const bytes = utf8("xxabcdeyy");
  const into = { low: 0, high: 0 };
  hashBytes(into, bytes, 2, 7);
  expect(hexOf(into)).toBe(hexOf(hash(utf8("abcde"))));
});

test("the border between the two parts of a pair matters", () => {
  const all = [pair("ab", "c"), pair("a", "bc"), pair("abc", ""), pair("", "abc"), hexOf(hash(utf8("abc")))];
  expect(new Set(all).size).toBe(all.length);
});

test("zeros at the end matter", () => {
  const all = Array.from({ length: 20 }, (_, length) => hexOf(hash(new Uint8Array(length))));
  expect(new Set(all).size).toBe(20);
});

test("likely inputs do not collide in either half more than chance would have it", () => {
  const COUNT = 100_000;
  const lows = new Set<number>();
  const highs = new Set<number>();
  for (let i = 0; i < COUNT; i++) {
    const { low, high } = hash(utf8(`user:${i}`));
    lows.add(low);
    highs.add(high);
  }
  // Of 100,000 random 32-bit numbers about 1.2 pairs are equal.
  expect(COUNT - lows.size).toBeLessThan(12);
  expect(COUNT - highs.size).toBeLessThan(12);
});

test("each bit of the input changes each bit of the hash about half of the time", () => {
  const counts = new Int32Array(64);
  let trials = 0;
  for (let i = 0; i < 400; i++) {
    const bytes = utf8(`key ${i * 7919}, some words`);
    const before = hash(bytes);
    for (let bit = 0; bit < 8 * bytes.length; bit += 5, trials++) {
      bytes[bit >>> 3]! ^= 1 << (bit & 7);
      const after = hash(bytes);
      bytes[bit >>> 3]! ^= 1 << (bit & 7);
      for (let i = 0; i < 32; i++) {
        counts[i]! += ((before.low ^ after.low) >>> i) & 1;
        counts[32 + i]! += ((before.high ^ after.high) >>> i) & 1;
      }
    }
  }
  for (const count of counts) expect(Math.abs(count / trials - 0.5)).toBeLessThan(0.03);
});
