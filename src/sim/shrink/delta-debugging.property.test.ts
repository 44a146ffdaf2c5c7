import fc from "fast-check";
import { expect, test } from "vitest";
import { fewestItems, leastNumber } from "./delta-debugging.ts";

const items = fc.uniqueArray(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 60 });
/** Some items of them: the failure needs all of one of these groups. */
const failing = items.chain((all) =>
  fc.record({
    all: fc.constant(all),
    causes: fc.array(fc.subarray(all, { maxLength: Math.min(4, all.length) }), {
      minLength: 1,
      maxLength: 3,
    }),
  }),
);

test("what is left fails, in order, and fails no more with any one item left out", async () => {
  await fc.assert(
    fc.asyncProperty(failing, async ({ all, causes }) => {
      const fails = async (some: readonly number[]): Promise<boolean> =>
        causes.some((cause) => cause.every((item) => some.includes(item)));
      const left = await fewestItems(all, fails, { left: 100_000 });
      expect(left).toEqual(all.filter((item) => left.includes(item)));
      expect(await fails(left)).toBe(true);
      for (const item of left) expect(await fails(left.filter((other) => other !== item))).toBe(false);
    }),
  );
});

test("a failure that comes and goes is still found failing, at whatever size", async () => {
  await fc.assert(
    fc.asyncProperty(items, fc.infiniteStream(fc.boolean()), async (all, coins) => {
      const seen: (readonly number[])[] = [all];
      const fails = async (some: readonly number[]): Promise<boolean> => {
        const isFailing = coins.next().value === true;
        if (isFailing) seen.push(some);
        return isFailing;
      };
      const left = await fewestItems(all, fails, { left: 500 });
      expect(seen.at(-1)).toEqual(left);
    }),
  );
});

test("no more is tried than the budget has, and what fails by then is kept", async () => {
  await fc.assert(
    fc.asyncProperty(failing, fc.nat(30), async ({ all, causes: [cause] }, budget) => {
      let tries = 0;
      const fails = async (some: readonly number[]): Promise<boolean> => {
        tries++;
        return cause!.every((item) => some.includes(item));
      };
      const left = await fewestItems(all, fails, { left: budget });
      expect(tries).toBeLessThanOrEqual(budget);
      expect(cause!.every((item) => left.includes(item))).toBe(true);
    }),
  );
});

test("two causes among a thousand items are found in a few hundred tries", async () => {
  const all = Array.from({ length: 1_000 }, (_, i) => i);
  const budget = { left: 1_000 };
  const left = await fewestItems(all, async (some) => some.includes(17) && some.includes(900), budget);
  expect(left).toEqual([17, 900]);
  expect(budget.left).toBeGreaterThan(850);
});

test("the least number is found where all above it fail too, in about as many tries as it has bits", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 1_000 }), fc.nat(1_000), async (threshold, above) => {
      const budget = { left: 1_000 };
      const most = threshold + above;
      expect(await leastNumber(1, most, async (count) => count >= threshold, budget)).toBe(threshold);
      expect(1_000 - budget.left).toBeLessThanOrEqual(13);
    }),
  );
});

test("without a budget numbers stay as they are", async () => {
  expect(await leastNumber(1, 10, async () => true, { left: 0 })).toBe(10);
});
