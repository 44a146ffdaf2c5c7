/**
 * Replies as the values a program would rather have: text, numbers, arrays, maps and sets, whatever the
 * protocol called them. For tests and tools; what is not UTF-8 does not survive it.
 */
import { AssertionError } from "../base/assert.ts";
import { toText } from "../base/bytes.ts";
import type { Reply, ReplyPair, TaggedReply } from "./reply.ts";

export type PlainReply =
  | string
  | number
  | bigint
  | boolean
  | null
  | Error
  | readonly PlainReply[]
  | ReadonlyMap<PlainReply, PlainReply>
  | ReadonlySet<PlainReply>;

/** Strings of every kind become text, errors Error; both nulls null; attributes are dropped. */
export function plainReply(reply: Reply): PlainReply {
  if (reply instanceof Uint8Array) return toText(reply);
  if (typeof reply !== "object" || reply === null) return reply;
  if ("kind" in reply) return plainTagged(reply);
  return reply.map(plainReply);
}

function plainTagged(reply: TaggedReply): PlainReply {
  switch (reply.kind) {
    case "simple":
    case "verbatim":
      return reply.text;
    case "failure":
      return new Error(reply.text);
    case "map":
      return new Map(reply.entries.map(plainPair));
    case "set":
      return new Set(reply.items.map(plainReply));
    case "push":
      return reply.items.map(plainReply);
    case "double":
    case "bigNumber":
      return reply.value;
    case "encoded":
    case "encodedArray":
      throw new AssertionError("replies on their way out are not looked into");
    case "nullArray":
      return null;
    case "attributed":
      return plainReply(reply.reply);
  }
}

function plainPair([key, value]: ReplyPair): [PlainReply, PlainReply] {
  return [plainReply(key), plainReply(value)];
}
