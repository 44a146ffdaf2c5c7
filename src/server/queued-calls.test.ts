import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8 } from "../base/bytes.ts";
import { Request } from "../resp/request.ts";
import { REQUEST, RequestDecoder } from "../resp/request-decoder.ts";
import type { CommandEntry } from "./command-table.ts";
import { QueuedCalls } from "./queued-calls.ts";

const entries = ["first", "second"].map((name) => ({ name }) as unknown as CommandEntry);
const anyCall = fc.record({
  args: fc.array(fc.oneof({ weight: 9, arbitrary: fc.uint8Array() }, longBytes()), {
    minLength: 1,
    maxLength: 5,
  }),
  isInPlace: fc.boolean(),
});

function longBytes(): fc.Arbitrary<Uint8Array> {
  return fc.integer({ min: 100, max: 5000 }).map((length) => new Uint8Array(length).fill(length));
}

/** As it lies in a network's buffer, which the next one overwrites. */
function requestOf(args: readonly Uint8Array[]): Request {
  const framed = args.flatMap((arg) => [utf8(`$${arg.length}\r\n`), arg, utf8("\r\n")]);
  const bytes = Buffer.concat([utf8(`*${args.length}\r\n`), ...framed]);
  const decoder = new RequestDecoder();
  const request = new Request();
  decoder.feed(bytes, bytes.length);
  expect(decoder.next(request)).toBe(REQUEST);
  return request;
}

test("calls have the arguments that were queued, in place or one by one, in transaction after transaction", () => {
  const calls = new QueuedCalls();
  const request = new Request();
  fc.assert(
    fc.property(fc.array(anyCall, { maxLength: 20 }), fc.boolean(), (queued, lends) => {
      calls.clear();
      for (const [i, { args, isInPlace }] of queued.entries()) {
        const entry = entries[i % 2]!;
        const lent = requestOf(args);
        if (isInPlace) expect(calls.add(entry, lent)).toBe(true);
        else calls.addCall({ entry, args });
        if (isInPlace) lent.bytes.fill(0xff);
      }
      expect(calls.count).toBe(queued.length);
      for (const [i, { args }] of queued.entries()) {
        expect(calls.entryAt(i)).toBe(entries[i % 2]);
        expect(calls.argCountAt(i)).toBe(args.length);
        calls.into(i, request);
        expect(request.args().map((arg) => [...arg])).toEqual(args.map((arg) => [...arg]));
        if (lends) expect(calls.at(i).args.map((arg) => [...arg])).toEqual(args.map((arg) => [...arg]));
      }
    }),
  );
});

test("arguments that somebody has been given stay as they are when the calls are others", () => {
  const calls = new QueuedCalls();
  calls.addCall({ entry: entries[0]!, args: [utf8("set"), utf8("key")] });
  const { args } = calls.at(0);
  calls.clear();
  calls.addCall({ entry: entries[0]!, args: [utf8("xyz"), utf8("xyz")] });
  expect(args.map((arg) => Buffer.from(arg).toString())).toEqual(["set", "key"]);
});

test("what calls hold is counted, and let go", () => {
  const calls = new QueuedCalls();
  expect(calls.heldBytes).toBe(0);
  calls.addCall({ entry: entries[0]!, args: [new Uint8Array(1_000_000)] });
  expect(calls.heldBytes).toBeGreaterThanOrEqual(1_000_000);
  expect(calls.heldBytes).toBeLessThan(1_010_000);
  calls.clear();
  expect(calls.heldBytes).toBe(0);
});

test("a request whose arguments lie in no order is not taken in place", () => {
  const calls = new QueuedCalls();
  const request = requestOf([utf8("a"), utf8("b")]);
  request.starts.reverse();
  request.ends.reverse();
  expect(calls.add(entries[0]!, request)).toBe(false);
  expect(calls.count).toBe(0);
});
