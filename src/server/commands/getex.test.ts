import { expect, test } from "vitest";
import { bytes, call, ENVIRONMENT, view, WALL_MS } from "../../../test/support/pure-call.ts";
import { NEVER } from "../../causality/cell.ts";
import { getex } from "./getex.ts";

const run = (line: string, present = view("v", { expiresAtMs: 77 })) =>
  getex.run(present, call(line), ENVIRONMENT);

test.each([
  ["GETEX k", undefined],
  ["GETEX k PERSIST", { kind: "expire", expiresAtMs: NEVER }],
  ["GETEX k EX 5", { kind: "expire", expiresAtMs: WALL_MS + 5_000 }],
  ["GETEX k px 5", { kind: "expire", expiresAtMs: WALL_MS + 5 }],
  ["GETEX k PXAT 1800000000000", { kind: "expire", expiresAtMs: 1_800_000_000_000 }],
  ["GETEX k EXAT 5", { kind: "delete" }],
  [`GETEX k PXAT ${WALL_MS}`, { kind: "delete" }],
])("%s", (line, change) => {
  const effect = run(line);
  expect(effect.reply).toEqual(bytes("v"));
  expect(effect.change).toEqual(change);
});

test("an absent key is answered before its time is judged, but after the options", () => {
  expect(run("GETEX k EX nonsense", view())).toEqual({ reply: null });
  expect(() => run("GETEX k EX 5 PERSIST", view())).toThrow("ERR syntax error");
});

test("PERSIST of what does not expire writes nothing", () => {
  expect(run("GETEX k PERSIST", view("v")).change).toBeUndefined();
});
