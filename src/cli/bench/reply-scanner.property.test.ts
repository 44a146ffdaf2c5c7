import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8 } from "../../base/bytes.ts";
import { failure, isFailure, nullArray, type Reply, simple, writeReply } from "../../resp/reply.ts";
import { ReplyWriter } from "../../resp/reply-writer.ts";
import { ReplyScanner } from "./reply-scanner.ts";

const scalar: fc.Arbitrary<Reply> = fc.oneof(
  fc.constant(null),
  fc.integer(),
  fc.uint8Array({ maxLength: 40 }),
  fc.constantFrom(simple("OK"), failure("ERR no"), nullArray),
);
const reply: fc.Arbitrary<Reply> = fc.letrec<{ reply: Reply }>((tie) => ({
  reply: fc.oneof({ maxDepth: 3 }, scalar, fc.array(tie("reply"), { maxLength: 4 })),
})).reply;

function encoded(replies: readonly Reply[]): Uint8Array {
  const writer = new ReplyWriter();
  for (const one of replies) writeReply(writer, one);
  return writer.view().slice();
}

function count(replies: readonly Reply[], is: (one: Reply) => boolean): number {
  return replies.filter(is).length;
}

function failuresIn(one: Reply): number {
  if (isFailure(one)) return 1;
  return Array.isArray(one)
    ? (one as readonly Reply[]).reduce((sum: number, item) => sum + failuresIn(item), 0)
    : 0;
}

test("every whole reply counts once, however the bytes come", () => {
  fc.assert(
    fc.property(
      fc.array(reply, { maxLength: 12 }),
      fc.array(fc.nat(60), { minLength: 1 }),
      (replies, cuts) => {
        const bytes = encoded(replies);
        const scanner = new ReplyScanner();
        let at = 0;
        let seen = 0;
        for (let i = 0; at < bytes.length; i++) {
          const piece = bytes.subarray(at, at + 1 + cuts[i % cuts.length]!);
          seen += scanner.scan(piece, piece.length);
          at += piece.length;
        }
        expect(seen).toBe(replies.length);
        expect(scanner.isBroken).toBe(false);
        expect(scanner.misses).toBe(count(replies, (one) => one === null));
        expect(scanner.errors).toBe(replies.reduce((sum: number, one) => sum + failuresIn(one), 0));
      },
    ),
  );
});

test("the first error is kept, though it came in two pieces", () => {
  const scanner = new ReplyScanner();
  for (const piece of ["+OK\r\n-NOTAPPL", "IED too few\r", "\n-ERR later\r\n"].map(utf8))
    scanner.scan(piece, piece.length);
  expect(scanner.firstError).toBe("NOTAPPLIED too few");
  expect(scanner.errors).toBe(2);
});

test("what is no RESP2 is said to be none", () => {
  const scanner = new ReplyScanner();
  scanner.scan(utf8("HTTP/1.1 400"), 12);
  expect(scanner.isBroken).toBe(true);
});
