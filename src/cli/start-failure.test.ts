import { expect, test } from "vitest";
import { StoreError } from "../base/errors.ts";
import { SERVE_DEFAULTS } from "./serve-settings.ts";
import { addressOf, explainFailure, isPortTaken } from "./start-failure.ts";

function listenFailure(code: string): StoreError {
  const cause = Object.assign(new Error(`listen ${code}`), { code });
  return new StoreError("IO", "not-applied", "cannot listen", { cause });
}

test.each([
  ["EADDRINUSE", "the port is taken; stop what holds it, or choose another with --port or --port-search"],
  ["EACCES", "not allowed; ports below 1024 need privileges, so choose another with --port"],
  ["EADDRNOTAVAIL", "this machine has no such address; choose another with --host"],
  ["ENOTFOUND", "no machine of that name is known; choose another with --host"],
])("%s is told with its remedy", (code, remedy) => {
  expect(explainFailure(listenFailure(code), SERVE_DEFAULTS)).toBe(
    `cannot listen on 127.0.0.1:6379: ${remedy}`,
  );
});

test("any other failure is told in its own words", () => {
  const failure = new StoreError("INVALID_SETTING", "not-applied", "the data directory cannot be used");
  expect(explainFailure(failure, SERVE_DEFAULTS)).toBe("cannot start: the data directory cannot be used");
});

test("only a taken port is worth trying the next one for", () => {
  expect(isPortTaken(listenFailure("EADDRINUSE"))).toBe(true);
  expect(isPortTaken(listenFailure("EACCES"))).toBe(false);
  expect(isPortTaken(new Error("EADDRINUSE"))).toBe(false);
});

test("an IPv6 address stands in brackets before its port", () => {
  expect(addressOf("::1", 7000)).toBe("[::1]:7000");
  expect(addressOf("localhost", 7000)).toBe("localhost:7000");
});
