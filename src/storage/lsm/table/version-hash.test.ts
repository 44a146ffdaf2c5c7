import { expect, test } from "vitest";
import { OWN_DATABASE } from "../../row-key.ts";
import { MerkleSummary } from "./merkle-summary.ts";
import { rangeOf, sampleCell, sampleKey, sampleTraits } from "./table-samples.oracle.ts";
import { hashVersion } from "./version-hash.ts";

const hashOf = (database: number, text: string): string => {
  const hash = { low: 7, high: 7 };
  hashVersion(hash, rangeOf(sampleKey("key", database)), rangeOf(sampleCell(text)), sampleTraits);
  return `${hash.low} ${hash.high}`;
};

test("another database, or another version, is another hash", () => {
  expect(new Set([hashOf(0, "a"), hashOf(1, "a"), hashOf(254, "a")]).size).toBe(3);
  expect(hashOf(0, "a")).toBe(hashOf(0, "a"));
});

test("a row that is the node's own is in no sum", () => {
  expect(hashOf(OWN_DATABASE, "a")).toBe("0 0");
  const summary = new MerkleSummary();
  summary.addRow(rangeOf(sampleKey("key", OWN_DATABASE)), rangeOf(sampleCell("a")), sampleTraits);
  expect(summary.equals(new MerkleSummary())).toBe(true);
});
