import { expect, test } from "vitest";
import { writeDigits } from "./digits.ts";

test("a number's digits end where their buffer does", () => {
  const target = new Uint8Array(17);
  for (const value of [
    0,
    7,
    -7,
    10,
    2 ** 31,
    -(2 ** 31),
    Number.MAX_SAFE_INTEGER,
    -Number.MAX_SAFE_INTEGER,
  ]) {
    target.fill(0x78);
    const start = writeDigits(target, value);
    expect(Buffer.from(target.subarray(start)).toString()).toBe(`${value}`);
    expect(target.subarray(0, start).every((byte) => byte === 0x78)).toBe(true);
  }
});
