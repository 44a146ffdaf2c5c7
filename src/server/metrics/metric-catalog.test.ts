import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { METRICS } from "./metric-catalog.ts";

const LIST = /^\| `(\w+)` \| (\w+) \| ([^|]*) \| (.+) \|$/gm;

test("docs/metrics.md lists what is served, and nothing else", () => {
  const text = readFileSync("docs/metrics.md", "utf8");
  const listed = [...text.matchAll(LIST)].map(([, name, type, labels, help]) => {
    return { name, type, labels: labels!.replaceAll("`", "").trim(), help };
  });
  const served = METRICS.map(({ name, type, labels = [], help }) => {
    return { name, type, labels: labels.join(", "), help };
  });
  const byName = (a: { name: string | undefined }, b: { name: string | undefined }) =>
    a.name! < b.name! ? -1 : 1;
  expect(listed.sort(byName)).toEqual(served.sort(byName));
});

test("names say what is counted, and in which unit", () => {
  for (const { name, type, help, labels = [] } of METRICS) {
    expect(name).toMatch(/^(kvorum|process|nodejs)_[a-z0-9]+(_[a-z0-9]+)*$/);
    expect(name.endsWith("_total"), name).toBe(type === "counter");
    expect(name, "base units only").not.toMatch(/_(ms|millis|micros|kb|mb|percent)(_|$)/);
    expect(help).toMatch(/^[A-Z0-9].*\.$/);
    expect(labels, name).not.toContain("le");
  }
  expect(new Set(METRICS.map(({ name }) => name)).size).toBe(METRICS.length);
});
