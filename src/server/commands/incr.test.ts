import { expect, test } from "vitest";
import { bytes, call, ENVIRONMENT, view } from "../../../test/support/pure-call.ts";
import type { Cell } from "../../causality/cell.ts";
import { HLC_ZERO } from "../../causality/hybrid-clock.ts";
import { decr, decrby, incr, incrby } from "./incr.ts";

const INT64_MAX = 2n ** 63n - 1n;

test.each([
  [incr, "INCR k", 1n],
  [decr, "DECR k", -1n],
  [incrby, "INCRBY k 5", 5n],
  [decrby, "DECRBY k 5", -5n],
])("$name stores what is added, not the sum: it must count beside others", (command, line, by) => {
  expect(command.run(view("10"), call(line), ENVIRONMENT)).toEqual({
    reply: 10n + by,
    change: { kind: "increment", by },
  });
});

test.each(["", "abc", "1.5", " 1", "01", `${INT64_MAX + 1n}`])("%j cannot be counted up", (value) => {
  expect(() => incr.run(view(value), call("INCR k"), ENVIRONMENT)).toThrow(
    "ERR value is not an integer or out of range",
  );
});

test("a sum past 64 bits is refused", () => {
  const line = `INCRBY k ${INT64_MAX}`;
  expect(() => incrby.run(view("1"), call(line), ENVIRONMENT)).toThrow(
    "ERR increment or decrement would overflow",
  );
  expect(() => decrby.run(view(), call(`DECRBY k ${-INT64_MAX - 1n}`), ENVIRONMENT)).toThrow(
    "ERR decrement would overflow",
  );
});

test("increments whose own sum would leave 64 bits are replaced by the value, which does not", () => {
  const cell = { siblings: [increment(INT64_MAX)] } as unknown as Cell;
  const present = view("-1", { expiresAtMs: 77, cell });
  expect(incrby.run(present, call(`INCRBY k ${INT64_MAX}`), ENVIRONMENT)).toEqual({
    reply: INT64_MAX - 1n,
    change: { kind: "put", value: bytes(`${INT64_MAX - 1n}`), expiresAtMs: 77 },
  });
});

function increment(total: bigint): Cell["siblings"][number] {
  return {
    kind: "increment",
    dot: { actor: 1n as never, counter: 1 },
    hlc: HLC_ZERO,
    expiresAtMs: 0,
    first: 1,
    total,
  };
}
