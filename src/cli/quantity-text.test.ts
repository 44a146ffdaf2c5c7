import { expect, test } from "vitest";
import { countText, durationText, millisText, sizeText } from "./quantity-text.ts";

test("numbers are shown as people read them", () => {
  expect([0, 1_023, 1_024, 1_536, 200 * 1_024 ** 2, 3 * 1_024 ** 4].map(sizeText)).toEqual([
    ...["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "200 MiB", "3.0 TiB"],
  ]);
  expect([0.4, 59, 3_600, 3_661, 90_061].map(durationText)).toEqual(["0s", "59s", "1h 0m", "1h 1m", "1d 1h"]);
  expect([undefined, 0.41234, 17.34, 1_234.5].map(millisText)).toEqual(["-", "0.412", "17.3", "1235"]);
  expect(countText(1_234_567.8)).toBe("1,234,568");
});
