/** What the commands on keys want changed; every reply is compared with Redis in test/. */
import { describe, expect, test } from "vitest";
import { bytes, call, ENVIRONMENT, view, WALL_MS } from "../../../test/support/pure-call.ts";
import type { Change } from "../command.ts";
import { EXPIRES_AT_MS_MAX } from "../expiry-arguments.ts";
import { copy } from "./copy.ts";
import { del } from "./del.ts";
import { expire, expireat, pexpire, pexpireat } from "./expire.ts";
import { move } from "./move.ts";
import { persist } from "./persist.ts";
import { rename, renamenx } from "./rename.ts";
import { ttl } from "./ttl.ts";

const FUTURE_MS = WALL_MS + 60_000;

describe("a time for a key to live", () => {
  test.each<[typeof expire, string, number, Change | undefined]>([
    [expire, "EXPIRE k 5", 0, { kind: "expire", expiresAtMs: WALL_MS + 5_000 }],
    [pexpire, "PEXPIRE k 5", 0, { kind: "expire", expiresAtMs: WALL_MS + 5 }],
    [expireat, "EXPIREAT k 1700000060", 0, { kind: "expire", expiresAtMs: FUTURE_MS }],
    [pexpireat, `PEXPIREAT k ${FUTURE_MS}`, 0, { kind: "expire", expiresAtMs: FUTURE_MS }],
    [expire, "EXPIRE k 0", 0, { kind: "delete" }],
    [expire, "EXPIRE k -5", 0, { kind: "delete" }],
    [pexpireat, "PEXPIREAT k -9223372036854775808", 0, { kind: "delete" }],
    [pexpireat, `PEXPIREAT k ${WALL_MS}`, 0, { kind: "delete" }],
    // Past the year 10889 is as good as that year.
    [pexpireat, "PEXPIREAT k 9223372036854775807", 0, { kind: "expire", expiresAtMs: EXPIRES_AT_MS_MAX }],
    [expire, "EXPIRE k 5 NX", FUTURE_MS, undefined],
    [expire, "EXPIRE k 5 XX", 0, undefined],
    [expire, "EXPIRE k 5 GT", 0, undefined],
    [expire, "EXPIRE k 60 GT", FUTURE_MS, undefined],
    [expire, "EXPIRE k 61 gt", FUTURE_MS, { kind: "expire", expiresAtMs: WALL_MS + 61_000 }],
    [expire, "EXPIRE k 60 LT", FUTURE_MS, undefined],
    [expire, "EXPIRE k 59 LT XX", FUTURE_MS, { kind: "expire", expiresAtMs: WALL_MS + 59_000 }],
    [expire, "EXPIRE k 59 LT", 0, { kind: "expire", expiresAtMs: WALL_MS + 59_000 }],
    [expire, "EXPIRE k -1 LT", FUTURE_MS, { kind: "delete" }],
  ])("$name: %s of a key that expires at %i", (command, line, expiresAtMs, change) => {
    const effect = command.run(view("v", { expiresAtMs }), call(line), ENVIRONMENT);
    expect(effect).toEqual(change === undefined ? { reply: 0 } : { reply: 1, change });
  });

  test.each([
    "EXPIRE k 9223372036854775", // seconds that no milliseconds can say
    "EXPIRE k 9223372036854776",
    "EXPIRE k -9223372036854776",
  ])("%s is refused", (line) => {
    const run = () => expire.run(view("v"), call(line), ENVIRONMENT);
    expect(run).toThrow("ERR invalid expire time in 'expire' command");
  });

  test("seconds left are rounded, milliseconds are not cut", () => {
    const left = (ms: number) =>
      ttl.run(view("v", { expiresAtMs: WALL_MS + ms }), call("TTL k"), ENVIRONMENT);
    expect([1_499, 1_500, 499].map(left)).toEqual([1, 2, 0]);
  });

  test("PERSIST takes it off", () => {
    const { change } = persist.run(view("v", { expiresAtMs: FUTURE_MS }), call("PERSIST k"), ENVIRONMENT);
    expect(change).toEqual({ kind: "expire", expiresAtMs: 0 });
  });
});

describe("a value that moves takes its expiry along", () => {
  const present = view("v", { expiresAtMs: FUTURE_MS });
  const put = { kind: "put", value: bytes("v"), expiresAtMs: FUTURE_MS };

  test.each([
    [rename, "RENAME a b", [{ kind: "delete" }, put]],
    [renamenx, "RENAMENX a b", [{ kind: "delete" }, put]],
    [copy, "COPY a b", [undefined, put]],
    [move, "MOVE a 1", [{ kind: "delete" }, put]],
  ])("$name", (command, line, changes) => {
    const effect = command.run([present, view()], call(line), ENVIRONMENT);
    expect(effect.changes).toEqual(changes);
  });

  test("but to its own name nothing moves", () => {
    expect(rename.run([present, present], call("RENAME a a"), ENVIRONMENT).changes).toEqual([]);
    expect(renamenx.run([present, present], call("RENAMENX a a"), ENVIRONMENT)).toEqual({
      reply: 0,
      changes: [],
    });
  });
});

test("DEL deletes a key that is named twice once", () => {
  const views = [view("v"), view(), view("v"), view("w")];
  expect(del.run(views, call("DEL a absent a b"), ENVIRONMENT)).toEqual({
    reply: 2,
    changes: [{ kind: "delete" }, undefined, undefined, { kind: "delete" }],
  });
});
