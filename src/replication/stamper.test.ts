import { expect, test } from "vitest";
import { compareHlc, type Hlc, LOGICAL_MAX } from "../causality/hybrid-clock.ts";
import { SimRandom } from "../sim/sim-random.ts";
import { NewLife, Stamper } from "./stamper.ts";

test("every stamp has a new dot and a later time, also when the wall clock goes back", () => {
  const stamper = new Stamper(new NewLife(new SimRandom("stamper")));
  let before: Hlc = { wallMs: 0, logical: 0 };
  [1000, 1000, 900, 1001, 501].forEach((wallMs, i) => {
    const { dot, hlc } = stamper.stamp(wallMs);
    expect(dot).toEqual({ actor: stamper.actor, counter: i + 1 });
    expect(compareHlc(hlc, before)).toBeGreaterThan(0);
    before = hlc;
  });
});

test("both kinds of stamp count on together", () => {
  const stamper = new Stamper(new NewLife(new SimRandom("stamper")));
  expect(stamper.compactStamp(5, 0).counter).toBe(1);
  expect(stamper.stamp(5).dot.counter).toBe(2);
  expect(stamper.compactStamp(5, 77)).toMatchObject({ counter: 3, expiresAtMs: 77 });
});

test("two lives have two actors", () => {
  const random = new SimRandom("stamper");
  expect(new Stamper(new NewLife(random)).actor).not.toBe(new Stamper(new NewLife(random)).actor);
});

test("two nodes that hear of each other's writes all the time stay close to the wall clock", () => {
  const random = new SimRandom("stamper");
  const [a, b] = [new Stamper(new NewLife(random)), new Stamper(new NewLife(random))];
  let newest: Hlc = { wallMs: 0, logical: 0 };
  for (let i = 0; i < 10_000; i++) {
    const [writer, hearer] = i % 2 === 0 ? [a, b] : [b, a];
    const { hlc } = writer.stamp(1_000);
    expect(compareHlc(hlc, newest)).toBeGreaterThan(0);
    hearer.observe(hlc, 1_000);
    newest = hlc;
  }
  expect(newest.wallMs).toBe(1_000);
});

test("a later life goes on after the newest time of the earlier one, though the wall clock was set back a little", () => {
  const { hlc } = new Stamper(new NewLife(new SimRandom("stamper")), 5_000).stamp(4_600);
  expect(compareHlc(hlc, { wallMs: 5_000, logical: LOGICAL_MAX })).toBeGreaterThan(0);
});

test("a later life whose wall clock is far behind the newest time believes the clock", () => {
  const { hlc } = new Stamper(new NewLife(new SimRandom("stamper")), 3_600_000).stamp(1_000);
  expect(hlc).toEqual({ wallMs: 1_000, logical: 0 });
});

test("a time too far ahead is passed over and counted", () => {
  const stamper = new Stamper(new NewLife(new SimRandom("stamper")));
  stamper.follow({ wallMs: 1_400, logical: 0 }, 1_000);
  stamper.follow({ wallMs: 9_000, logical: 0 }, 1_000);
  expect(stamper.stamp(1_000).hlc).toEqual({ wallMs: 1_400, logical: 1 });
  expect(stamper.aheadCount).toBe(1);
});

test("a dot source that cannot give a counter fails the write, and no time passes", () => {
  const dots = {
    actor: new Uint8Array(8),
    lastCounter: 0,
    nextCounter: (): number => {
      throw new Error("no counter");
    },
  };
  expect(() => new Stamper(dots).stamp(1)).toThrow("no counter");
});
