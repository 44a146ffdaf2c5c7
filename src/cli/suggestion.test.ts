import { expect, test } from "vitest";
import { nearest } from "./suggestion.ts";

const NAMES = ["port", "password", "password-file", "max-clients"];

test.each([
  ["prot", "port"],
  ["pasword", "password"],
  ["maxclients", "max-clients"],
  ["password-fil", "password-file"],
])("%s is near %s", (name, expected) => {
  expect(nearest(name, NAMES)).toBe(expected);
});

test.each(["verbose", "x", "", "timeout"])("nothing is near %j", (name) => {
  expect(nearest(name, NAMES)).toBeUndefined();
});
