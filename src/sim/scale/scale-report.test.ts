/** The measuring itself, on clusters too small to be worth a report; and that it repeats bit for bit. */
import { expect, test } from "vitest";
import { measureGossip } from "./gossip-scale.ts";
import { linePicture } from "./line-picture.ts";
import { reportScale, type ScaleSizes } from "./scale-report.ts";

const SMALL: ScaleSizes = { nodes: [3, 6], rows: { down: [100], wiped: [20] } };

test("a report is repeated bit for bit, and has a row for each size", { timeout: 300_000 }, async () => {
  const steps: string[] = [];
  const first = await reportScale(SMALL, (what) => steps.push(what));
  expect(await reportScale(SMALL, () => undefined)).toEqual(first);
  expect(steps).toHaveLength(4);
  const page = first.get("scale.md")!;
  for (const row of [/^\| 3 \|/m, /^\| 6 \|/m, /^\| down \| 100 \|/m, /^\| wiped \| 20 \|/m])
    expect(page).toMatch(row);
  for (const [, name] of page.matchAll(/\]\((.*\.svg)\)/g)) expect(first.get(name!)).toContain("</svg>");
});

test("nobody who lives is taken for down, and who is dead is, by all, after the first", async () => {
  const { wronglyDown, firstDownMs, lastDownMs, newsMs, newsMsMax, bytesPerSecond } = await measureGossip(
    8,
    "1",
  );
  expect(wronglyDown).toBe(0);
  expect(firstDownMs).toBeGreaterThan(1_000);
  expect(lastDownMs).toBeGreaterThanOrEqual(firstDownMs);
  expect(newsMsMax).toBeGreaterThanOrEqual(newsMs);
  expect(bytesPerSecond).toBeGreaterThan(100);
});

test("a picture puts powers of ten at even steps", () => {
  const points = [
    [1, 1],
    [10, 10],
    [100, 100],
  ] as const;
  const picture = linePicture({ title: "t", xName: "x", yName: "y", lines: [{ name: "n", points }] });
  const [, coordinates] = /polyline points="([^"]*)"/.exec(picture)!;
  const [a, b, c] = coordinates!.split(" ").map((pair) => pair.split(",").map(Number));
  expect(b![0]! - a![0]!).toBeCloseTo(c![0]! - b![0]!, 0);
  expect(a![1]! - b![1]!).toBeCloseTo(b![1]! - c![1]!, 0);
  expect(a![1]!).toBeGreaterThan(c![1]!);
});
