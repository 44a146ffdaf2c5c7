import { expect, test } from "vitest";
import { testRandom } from "../runtime/random.contract.ts";
import { SimRandom } from "./sim-random.ts";

testRandom("sim random", () => new SimRandom("contract"));

const draw = (random: SimRandom): number[] => Array.from({ length: 5 }, () => random.uint32());

test("one seed gives one stream, another seed another", () => {
  expect(draw(new SimRandom("7"))).toEqual(draw(new SimRandom("7")));
  expect(draw(new SimRandom("7"))).not.toEqual(draw(new SimRandom("8")));
});

test("the stream is the same in every release", () => {
  expect(draw(new SimRandom("7"))).toMatchInlineSnapshot(`
    [
      108851515,
      1756082769,
      682291999,
      542240769,
      2353901191,
    ]
  `);
});

test("a fork depends on the label and not on what was drawn before", () => {
  const [early, late] = [new SimRandom("7"), new SimRandom("7")];
  draw(late);
  expect(draw(late.fork("x"))).toEqual(draw(early.fork("x")));
  expect(draw(early.fork("x"))).not.toEqual(draw(early.fork("y")));
  expect(draw(early.fork("x").fork("y"))).not.toEqual(draw(early.fork("y").fork("x")));
});

test("between stays in its range", () => {
  const random = new SimRandom("7");
  for (let i = 0; i < 1_000; i++) {
    const value = random.between(3, 4);
    expect(value >= 3 && value < 4).toBe(true);
  }
});
