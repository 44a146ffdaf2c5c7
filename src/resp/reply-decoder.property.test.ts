/** What ReplyWriter writes, ReplyDecoder reads, in both protocols and however it is cut. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8 } from "../base/bytes.ts";
import { doubleText } from "./double-text.ts";
import {
  attributed,
  bigNumber,
  double,
  failure,
  map,
  nullArray,
  push,
  type Reply,
  type ReplyPair,
  set,
  simple,
  verbatim,
  writeReply,
} from "./reply.ts";
import { ReplyDecoder } from "./reply-decoder.ts";
import { ReplyWriter } from "./reply-writer.ts";

const line = fc.string({ unit: "grapheme" }).map((text) => text.replace(/[\r\n]/g, ""));
/** U+0080 to U+00FF stand for bytes of a request, which need not be text: see ReplyWriter. */
const errorLine = line.map((text) => text.replace(/[\u0080-\u00ff]/g, ""));
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

const { reply: anyReply } = fc.letrec<{ reply: Reply; items: Reply[]; pairs: ReplyPair[] }>((tie) => ({
  items: fc.array(tie("reply"), { maxLength: 4 }),
  pairs: fc.array(fc.tuple(tie("reply"), tie("reply")), { maxLength: 3 }),
  reply: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Reply>(null, true, false, nullArray),
    fc.string({ unit: "grapheme" }),
    fc.uint8Array({ maxLength: 100 }),
    fc.maxSafeInteger(),
    int64,
    line.map(simple),
    errorLine.map(failure),
    fc.double().map(double),
    fc.bigInt().map(bigNumber),
    fc.tuple(fc.constantFrom("txt", "mkd"), fc.string()).map(([format, text]) => verbatim(format, text)),
    tie("items"),
    tie("items").map(set),
    tie("items").map(push),
    tie("pairs").map(map),
    fc.tuple(tie("pairs"), tie("reply")).map(([pairs, reply]) => attributed(pairs, reply)),
  ),
}));

/** What a client of RESP3 sees of a reply: all of it, though text and numbers have one form each. */
function seenInResp3(reply: Reply): Reply {
  if (typeof reply === "string") return utf8(reply);
  if (typeof reply === "bigint") return BigInt.asIntN(54, reply) === reply ? shortest(reply) : reply;
  if (typeof reply !== "object" || reply === null || reply instanceof Uint8Array) return reply;
  if (!("kind" in reply)) return reply.map(seenInResp3);
  switch (reply.kind) {
    case "nullArray":
      return null;
    case "set":
      return set(reply.items.map(seenInResp3));
    case "push":
      return push(reply.items.map(seenInResp3));
    case "map":
      return map(reply.entries.map(([key, value]) => [seenInResp3(key), seenInResp3(value)]));
    case "attributed":
      return attributed(
        reply.attributes.map(([key, value]) => [seenInResp3(key), seenInResp3(value)]),
        seenInResp3(reply.reply),
      );
    default:
      return reply;
  }
}

/** What a client of RESP2 sees of it: strings, errors, integers, nulls and arrays. */
function seenInResp2(reply: Reply): Reply {
  if (typeof reply === "boolean") return reply ? 1 : 0;
  if (typeof reply !== "object" || reply === null || reply instanceof Uint8Array) return seenInResp3(reply);
  if (!("kind" in reply)) return reply.map(seenInResp2);
  switch (reply.kind) {
    case "set":
    case "push":
      return reply.items.map(seenInResp2);
    case "map":
      return reply.entries.flat().map(seenInResp2);
    case "double":
      return utf8(doubleText(reply.value));
    case "bigNumber":
      return utf8(`${reply.value}`);
    case "verbatim":
      return utf8(reply.text);
    case "attributed":
      return seenInResp2(reply.reply);
    default:
      return reply;
  }
}

function shortest(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function decode(stream: Uint8Array, chunkLengths: readonly number[]): { replies: Reply[]; error: string } {
  const decoder = new ReplyDecoder({ bulkBytesMax: 10_000 });
  const replies: Reply[] = [];
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const chunk = stream.slice(at, at + chunkLengths[turn % chunkLengths.length]!);
    at += chunk.length;
    decoder.feed(chunk);
    while (decoder.next()) replies.push(decoder.reply);
    decoder.park();
    expect(decoder.heldBytes).toBeLessThanOrEqual(2 * at + 256);
    chunk.fill(0x2a);
  }
  return { replies, error: decoder.error };
}

function written(protocol: 2 | 3, replies: readonly Reply[]): Uint8Array {
  const writer = new ReplyWriter();
  writer.protocol = protocol;
  for (const reply of replies) writeReply(writer, reply);
  return writer.take();
}

const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 });
const someReplies = fc.array(anyReply, { maxLength: 4 });

test("RESP3 brings every reply back", () => {
  fc.assert(
    fc.property(someReplies, cuts, (replies, chunkLengths) => {
      const { replies: seen, error } = decode(written(3, replies), chunkLengths);
      expect(error).toBe("");
      expect(seen).toEqual(replies.map(seenInResp3));
    }),
    { numRuns: 1000 },
  );
});

test("RESP2 brings every reply back as its older forms", () => {
  fc.assert(
    fc.property(someReplies, cuts, (replies, chunkLengths) => {
      const { replies: seen, error } = decode(written(2, replies), chunkLengths);
      expect(error).toBe("");
      expect(seen).toEqual(replies.map(seenInResp2));
    }),
    { numRuns: 1000 },
  );
});

test("mutated and random streams never throw, and decode the same cut anywhere as at once", () => {
  const mutated = fc
    .tuple(someReplies, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }))
    .map(([replies, mutations]) => {
      const stream = written(3, replies);
      for (const [at, byte] of mutations) if (stream.length > 0) stream[at % stream.length] = byte;
      return stream;
    });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), cuts, (stream, chunkLengths) => {
      expect(decode(stream, chunkLengths)).toEqual(decode(stream, [stream.length + 1]));
    }),
    { numRuns: 2000 },
  );
});
