import { expect, test } from "vitest";
import { bytes, call, ENVIRONMENT, view, WALL_MS } from "../../../test/support/pure-call.ts";
import { NEVER } from "../../causality/cell.ts";
import { OK } from "../../resp/reply.ts";
import type { ReplyWriter } from "../../resp/reply-writer.ts";
import { Request } from "../../resp/request.ts";
import type { Session } from "../command.ts";
import { set, setFast } from "./set.ts";

const LATER_MS = WALL_MS + 5_000;
const run = (line: string, present = view()) => set.run(present, call(line), ENVIRONMENT);
const put = (text: string, expiresAtMs: number) => ({ kind: "put", value: bytes(text), expiresAtMs });

test.each([
  ["SET k v", NEVER],
  ["SET k v EX 5", LATER_MS],
  ["SET k v px 5000", LATER_MS],
  ["SET k v EXAT 1800000000", 1_800_000_000_000],
  ["SET k v PXAT 5", 5],
  ["SET k v EX 5 EX 7", WALL_MS + 7_000],
  ["SET k v KEEPTTL", 77],
  ["SET k v KEEPTTL KEEPTTL XX XX", 77],
])("%s on a key that expires at 77 leaves it to expire at %i", (line, expiresAtMs) => {
  expect(run(line, view("old", { expiresAtMs: 77 }))).toEqual({ reply: OK, change: put("v", expiresAtMs) });
});

test.each([
  ["SET k v NX", undefined, OK, true],
  ["SET k v NX", "old", null, false],
  ["SET k v XX", undefined, null, false],
  ["SET k v XX", "old", OK, true],
  ["SET k v GET", undefined, null, true],
  ["SET k v GET", "old", bytes("old"), true],
  ["SET k v NX GET", undefined, null, true],
  ["SET k v NX GET", "old", bytes("old"), false],
  ["SET k v XX GET", undefined, null, false],
])("%s where there is %s", (line, present, reply, applies) => {
  const effect = run(line, view(present));
  expect(effect.reply).toEqual(reply);
  expect(effect.change).toEqual(applies ? put("v", NEVER) : undefined);
});

test.each([
  ["SET k v NX XX", "ERR syntax error"],
  ["SET k v EX", "ERR syntax error"],
  ["SET k v EX 5 PX 5", "ERR syntax error"],
  ["SET k v EX 5 KEEPTTL", "ERR syntax error"],
  ["SET k v KEEPTTL EX 5", "ERR syntax error"],
  ["SET k v EX nonsense NOPE", "ERR syntax error"],
  ["SET k v EX nonsense", "ERR value is not an integer or out of range"],
  ["SET k v EX 0", "ERR invalid expire time in 'set' command"],
  ["SET k v PX 9223372036854775807", "ERR invalid expire time in 'set' command"],
])("%s: %s", (line, refusal) => {
  expect(() => run(line)).toThrow(refusal);
});

/** The expiry that the shortcut stores, or undefined if it leaves the call to the general way. */
function fastExpiry(line: string): number | undefined {
  let stored: number | undefined;
  const replica = {
    overwrite: (_database: number, _request: Request, _valueAt: number, expiresAtMs: number) => {
      stored = expiresAtMs;
      return true;
    },
  };
  const session = {
    database: 0,
    server: { ...ENVIRONMENT, node: { replica } },
  } as unknown as Session;
  const writer = { ok: () => undefined } as unknown as ReplyWriter;
  return setFast(session, requestOf(line), writer) ? stored : undefined;
}

function requestOf(line: string): Request {
  const request = new Request();
  request.bytes = bytes(line);
  for (const word of line.matchAll(/[^ ]+/g)) {
    request.starts.push(word.index);
    request.ends.push(word.index + word[0].length);
    request.argCount++;
  }
  return request;
}

test.each(["SET k v", "SET k v EX 5", "SET k v ex 86400", "SET k v Px 1", "SET k v EX 9999999999"])(
  "%s takes the shortcut, which stores what the general way would",
  (line) => {
    expect(run(line).change).toEqual(put("v", fastExpiry(line)!));
  },
);

test.each([
  "SET k v EX 0",
  "SET k v EX 05",
  "SET k v EX -5",
  "SET k v EX 5x",
  "SET k v EX 99999999999",
  "SET k v AX 5",
  "SET k v EXAT 5",
  "SET k v GET",
  "SET k v NX GET",
  "SET k v NX EX 05",
  "SET k v EX 5x NX",
  "SET k v EX 5 GET",
  "SET k v NX XX EX",
])("%s does not", (line) => {
  expect(fastExpiry(line)).toBeUndefined();
});
