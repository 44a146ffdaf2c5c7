/** What every Random must do. Run against the real one and the simulated one. */
import { expect, test } from "vitest";
import type { Random } from "./runtime.ts";

export function testRandom(name: string, create: () => Random): void {
  test(`${name}: uint32 is a whole number in its range, high and low`, () => {
    const random = create();
    const values = Array.from({ length: 2_000 }, () => random.uint32());
    expect(values.every((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32)).toBe(true);
    expect(Math.min(...values)).toBeLessThan(2 ** 28);
    expect(Math.max(...values)).toBeGreaterThan(2 ** 32 - 2 ** 28);
  });

  test(`${name}: below reaches every value under its limit, about equally often`, () => {
    const random = create();
    const counts = Array<number>(7).fill(0);
    for (let i = 0; i < 7_000; i++) counts[random.below(7)]!++;
    expect(counts.length).toBe(7);
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(300);
  });

  test(`${name}: below(1) is 0 and below(2^32) has no lower range`, () => {
    const random = create();
    expect(random.below(1)).toBe(0);
    const values = Array.from({ length: 1_000 }, () => random.below(2 ** 32));
    expect(Math.max(...values)).toBeGreaterThan(2 ** 31);
  });

  test(`${name}: below refuses a limit outside (0, 2^32]`, () => {
    const random = create();
    expect(() => random.below(0)).toThrow();
    expect(() => random.below(2 ** 32 + 1)).toThrow();
  });

  test(`${name}: bytes are as many as asked, new each time, and use every value`, () => {
    const random = create();
    expect(random.bytes(0)).toEqual(new Uint8Array(0));
    expect(random.bytes(5).length).toBe(5);
    expect(random.bytes(16)).not.toEqual(random.bytes(16));
    expect(new Set(random.bytes(10_000)).size).toBe(256);
  });
}
