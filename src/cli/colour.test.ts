import { expect, test } from "vitest";
import { coloured, wantsColour } from "./colour.ts";

test("colours are for terminals whose owner has not said no", () => {
  expect(wantsColour(true, {})).toBe(true);
  expect(wantsColour(false, {})).toBe(false);
  expect(wantsColour(true, { NO_COLOR: "1" })).toBe(false);
  expect(wantsColour(true, { NO_COLOR: "" })).toBe(true);
  expect(wantsColour(true, { TERM: "dumb" })).toBe(false);
  expect(coloured("x", "red", false)).toBe("x");
});
