import { expect, test } from "vitest";
import { readiness } from "./readiness.ts";

const well = { isMember: true, diskRefusal: undefined, membersUp: 2, members: 3, isClosing: false };

test("ready while a majority is up, and the disk takes writes", () => {
  expect(readiness(well)).toEqual({ ready: true, reasons: [] });
  expect(readiness({ ...well, membersUp: 1, members: 1 }).ready).toBe(true);
});

test("says all that is in the way", () => {
  const facts = { isMember: false, diskRefusal: "disk full", membersUp: 1, members: 2, isClosing: true };
  expect(readiness(facts)).toEqual({
    ready: false,
    reasons: [
      "the node is closing",
      "the node is no member of its cluster",
      "the disk takes no writes: disk full",
      "only 1 of 2 members are up",
    ],
  });
});
