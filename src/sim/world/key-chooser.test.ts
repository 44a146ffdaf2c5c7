import { expect, test } from "vitest";
import { SimRandom } from "../sim-random.ts";
import { KeyChooser } from "./key-chooser.ts";

function shares(skew: number): number[] {
  const chooser = new KeyChooser(4, skew);
  const random = new SimRandom("shares");
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 20_000; i++) counts[chooser.choose(random)]!++;
  return counts.map((count) => count / 20_000);
}

test("by Zipf's law the second key is chosen half as often as the first, and the fourth a quarter", () => {
  const [first, second, , fourth] = shares(1) as [number, number, number, number];
  expect(first / second).toBeCloseTo(2, 0);
  expect(first / fourth).toBeCloseTo(4, 0);
});

test("without skew all are alike", () => {
  for (const share of shares(0)) expect(share).toBeCloseTo(0.25, 1);
});
