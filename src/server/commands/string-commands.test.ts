/** What the commands that change a part of a value leave behind; every reply is compared with Redis in test/. */
import { expect, test } from "vitest";
import { bytes, call, ENVIRONMENT, view, written } from "../../../test/support/pure-call.ts";
import type { UpdateCommand } from "../command.ts";
import { append } from "./append.ts";
import { getset } from "./getset.ts";
import { incrbyfloat } from "./incrbyfloat.ts";
import { mset, msetnx } from "./mset.ts";
import { psetex, setex } from "./setex.ts";
import { setrange } from "./setrange.ts";

const LIMIT = ENVIRONMENT.valueBytesMax;
const TOO_LONG = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";

function stored(command: UpdateCommand, line: string, before?: string) {
  const present = view(before, { expiresAtMs: before === undefined ? 0 : 77 });
  const { change } = command.run(present, call(line), ENVIRONMENT);
  const after = written(present, change);
  return after && { ...after, value: Buffer.from(after.value).toString("latin1") };
}

test.each([
  [append, "APPEND k def", "abc", "abcdef"],
  [setrange, "SETRANGE k 1 XY", "abcd", "aXYd"],
  [setrange, "SETRANGE k 5 XY", "abc", "abc\0\0XY"],
  [incrbyfloat, "INCRBYFLOAT k 0.1", "0.2", "0.3"],
])("$name keeps the expiry of what it changes", (command, line, before, after) => {
  expect(stored(command, line, before)).toEqual({ value: after, expiresAtMs: 77 });
});

test.each([
  [append, "APPEND k def", "def"],
  [setrange, "SETRANGE k 2 X", "\0\0X"],
  [incrbyfloat, "INCRBYFLOAT k 1e1", "10"],
])("$name makes a key that never expires where there is none", (command, line, after) => {
  expect(stored(command, line)).toEqual({ value: after, expiresAtMs: 0 });
});

test("GETSET gives the new value no expiry", () => {
  expect(stored(getset, "GETSET k v", "old")).toEqual({ value: "v", expiresAtMs: 0 });
});

test("writing nothing anywhere changes nothing", () => {
  expect(setrange.run(view("abc"), call("SETRANGE k 9 "), ENVIRONMENT)).toEqual({ reply: 3 });
});

test("a value may reach its greatest length and no more", () => {
  const line = `SETRANGE k ${LIMIT - 1} x`;
  expect(stored(setrange, line)).toMatchObject({ expiresAtMs: 0 });
  expect(() => stored(setrange, `SETRANGE k ${LIMIT} x`)).toThrow(TOO_LONG);
  expect(() => stored(setrange, "SETRANGE k 9223372036854775807 x")).toThrow(TOO_LONG);
  expect(stored(append, "APPEND k x", "y".repeat(LIMIT - 1))).toMatchObject({ expiresAtMs: 77 });
  expect(() => stored(append, "APPEND k x", "y".repeat(LIMIT))).toThrow(TOO_LONG);
});

test("SETEX and PSETEX count from now, in their own unit", () => {
  expect(stored(setex, "SETEX k 5 v")).toEqual({ value: "v", expiresAtMs: ENVIRONMENT.wallMs + 5_000 });
  expect(stored(psetex, "PSETEX k 5 v")).toEqual({ value: "v", expiresAtMs: ENVIRONMENT.wallMs + 5 });
});

test("MSET changes each key in turn, so that of a key named twice the last value stays", () => {
  const { changes } = mset.run([view("old"), view(), view("old")], call("MSET a 1 b 2 a 3"), ENVIRONMENT);
  expect(changes.map((change) => change?.kind === "put" && change.value)).toEqual(["1", "2", "3"].map(bytes));
});

test("MSETNX changes all or nothing", () => {
  const line = call("MSETNX a 1 b 2");
  expect(msetnx.run([view(), view()], line, ENVIRONMENT)).toMatchObject({ reply: 1, changes: [{}, {}] });
  expect(msetnx.run([view(), view("old")], line, ENVIRONMENT)).toEqual({ reply: 0, changes: [] });
});

test("a key without its value is refused", () => {
  expect(() => mset.run([view(), view()], call("MSET a 1 b"), ENVIRONMENT)).toThrow(
    "ERR wrong number of arguments for 'mset' command",
  );
});
