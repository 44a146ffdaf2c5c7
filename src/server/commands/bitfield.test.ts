import { expect, test } from "vitest";
import { bytes, call, ENVIRONMENT, view } from "../../../test/support/pure-call.ts";
import { bitfield, bitfieldRo } from "./bitfield.ts";

const LIMIT_BITS = ENVIRONMENT.valueBytesMax * 8;
const run = (line: string, value?: string) => bitfield.run(view(value), call(line), ENVIRONMENT);

test("each operation sees what those before it have written", () => {
  const { reply, change } = run("BITFIELD k SET u8 #1 65 INCRBY u8 8 1 GET u16 0");
  expect(reply).toEqual([0n, 66n, 66n]);
  expect(change).toEqual({ kind: "put", value: bytes("\0B"), expiresAtMs: 0 });
});

test.each([
  ["INCRBY u8 0 300", [255n], "\xff"],
  ["INCRBY i8 0 -300", [-128n], "\x80"],
  ["SET u8 0 -1", [0n], "\xff"], // for Redis -1 is the largest number here
  ["SET i8 0 -300", [0n], "\x80"],
])("OVERFLOW SAT %s", (operation, reply, value) => {
  const change = { kind: "put", value: bytes(value), expiresAtMs: 0 };
  expect(run(`BITFIELD k OVERFLOW SAT ${operation}`)).toEqual({ reply, change });
});

test("where OVERFLOW FAIL forbids a write, the value grows as if it had been done", () => {
  const { reply, change } = run("BITFIELD k OVERFLOW FAIL SET u4 8 16 OVERFLOW WRAP SET u4 0 17");
  expect(reply).toEqual([null, 0n]);
  expect(change).toMatchObject({ value: bytes("\x10\0") });
});

test("reads alone write nothing", () => {
  expect(run("BITFIELD k GET u8 0 OVERFLOW SAT GET i4 4", "\x2f")).toEqual({ reply: [0x2fn, -1n] });
  expect(run("BITFIELD k")).toEqual({ reply: [] });
});

test("a field that would end past the longest value is refused", () => {
  expect(run(`BITFIELD k SET u8 ${LIMIT_BITS - 8} 1`).reply).toEqual([0n]);
  expect(() => run(`BITFIELD k SET u8 ${LIMIT_BITS - 7} 1`)).toThrow(
    "ERR string exceeds maximum allowed size",
  );
  expect(() => run(`BITFIELD k GET u8 ${LIMIT_BITS}`)).toThrow(
    "ERR bit offset is not an integer or out of range",
  );
  expect(() => run("BITFIELD k GET u4 #4611686018427387904")).toThrow("ERR bit offset is not an integer");
});

test("BITFIELD_RO reads and nothing else", () => {
  expect(bitfieldRo.run(view("\x2f"), call("BITFIELD_RO k GET u4 #1"), ENVIRONMENT)).toEqual([15n]);
  expect(() => bitfieldRo.run(view(), call("BITFIELD_RO k SET u4 0 1"), ENVIRONMENT)).toThrow(
    "ERR BITFIELD_RO only supports the GET subcommand",
  );
});
