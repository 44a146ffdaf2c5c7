/**
 * A reply as a value: for everything off the hot path, for tests, and for what a client decodes.
 *
 * Plain values say the common replies: a string or bytes is a bulk string, a number or bigint an integer, then
 * null, booleans and arrays. The other types are small tagged objects, made by the functions below.
 */
import { utf8 } from "../base/bytes.ts";
import type { ReplyWriter } from "./reply-writer.ts";

export type Reply = string | Uint8Array | number | bigint | boolean | null | readonly Reply[] | TaggedReply;

export type ReplyPair = readonly [key: Reply, value: Reply];

export type TaggedReply =
  | { readonly kind: "simple"; readonly text: string }
  | { readonly kind: "failure"; readonly text: string }
  | { readonly kind: "map"; readonly entries: readonly ReplyPair[] }
  | { readonly kind: "set"; readonly items: readonly Reply[] }
  | { readonly kind: "push"; readonly items: readonly Reply[] }
  | { readonly kind: "double"; readonly value: number }
  | { readonly kind: "bigNumber"; readonly value: bigint }
  | { readonly kind: "verbatim"; readonly format: string; readonly text: string }
  | { readonly kind: "nullArray" }
  /** A reply as it is to be sent. */
  | { readonly kind: "encoded"; readonly bytes: Uint8Array }
  /** An array of `count` replies, which are in `items` as they are to be sent. */
  | { readonly kind: "encodedArray"; readonly count: number; readonly items: Uint8Array }
  | { readonly kind: "attributed"; readonly attributes: readonly ReplyPair[]; readonly reply: Reply };

/** A status for programs: one line, no line ends. */
export function simple(text: string): TaggedReply {
  return { kind: "simple", text };
}

/** An error. `text` begins with its code: "ERR syntax error". */
export function failure(text: string): TaggedReply {
  return { kind: "failure", text };
}

/** Pairs of a key and a value: a flat array in RESP2. */
export function map(entries: readonly ReplyPair[]): TaggedReply {
  return { kind: "map", entries };
}

/** Items without order or duplicates: an array in RESP2. */
export function set(items: readonly Reply[]): TaggedReply {
  return { kind: "set", items };
}

/** A message nobody asked for, out of band in RESP3: never inside another reply. An array in RESP2. */
export function push(items: readonly Reply[]): TaggedReply {
  return { kind: "push", items };
}

/** A number with a fraction; a plain number would be an integer. A bulk string in RESP2. */
export function double(value: number): TaggedReply {
  return { kind: "double", value };
}

/** A whole number of any size. A bulk string in RESP2. */
export function bigNumber(value: bigint): TaggedReply {
  return { kind: "bigNumber", value };
}

/** Text for people. `format`: "txt" or "mkd". A bulk string in RESP2. */
export function verbatim(format: string, text: string): TaggedReply {
  return { kind: "verbatim", format, text };
}

/** `reply` with something said about it that clients may ignore, and RESP2 leaves out. */
export function attributed(attributes: readonly ReplyPair[], reply: Reply): TaggedReply {
  return { kind: "attributed", attributes, reply };
}

export function isFailure(reply: Reply): boolean {
  return typeof reply === "object" && reply !== null && "kind" in reply && reply.kind === "failure";
}

/** The code of an error, "ERR" of "ERR syntax error"; empty for any other reply. */
export function failureCode(reply: Reply): string {
  const isTagged = typeof reply === "object" && reply !== null && "kind" in reply;
  return isTagged && reply.kind === "failure" ? reply.text.split(" ", 1)[0]! : "";
}

export const OK: Reply = simple("OK");

/** No array, where an array was asked for: in RESP2 not the same as null. */
export const nullArray: Reply = { kind: "nullArray" };

/** Writes `reply` in the writer's protocol. */
export function writeReply(writer: ReplyWriter, reply: Reply): void {
  if (typeof reply === "string") writer.bulkText(reply);
  else if (typeof reply === "number" || typeof reply === "bigint") writer.integer(reply);
  else if (typeof reply === "boolean") writer.boolean(reply);
  else if (reply === null) writer.nullBulk();
  else if (reply instanceof Uint8Array) writer.bulk(reply);
  else if (isArray(reply)) {
    writer.arrayHeader(reply.length);
    writeAll(writer, reply);
  } else writeTagged(writer, reply);
}

function writeTagged(writer: ReplyWriter, reply: TaggedReply): void {
  switch (reply.kind) {
    case "simple":
      writer.simple(reply.text);
      break;
    case "failure":
      writer.error(reply.text);
      break;
    case "map":
      writer.mapHeader(reply.entries.length);
      writePairs(writer, reply.entries);
      break;
    case "set":
      writer.setHeader(reply.items.length);
      writeAll(writer, reply.items);
      break;
    case "push":
      writer.pushHeader(reply.items.length);
      writeAll(writer, reply.items);
      break;
    case "double":
      writer.double(reply.value);
      break;
    case "bigNumber":
      writer.bigNumber(reply.value);
      break;
    case "verbatim":
      writer.verbatim(reply.format, utf8(reply.text));
      break;
    case "encodedArray":
      writer.arrayHeader(reply.count);
      writer.raw(reply.items);
      break;
    case "encoded":
      writer.raw(reply.bytes);
      break;
    case "nullArray":
      writer.nullArray();
      break;
    case "attributed":
      writer.attribute(reply.attributes.length, () => writePairs(writer, reply.attributes));
      writeReply(writer, reply.reply);
      break;
  }
}

function writeAll(writer: ReplyWriter, items: readonly Reply[]): void {
  for (const item of items) writeReply(writer, item);
}

function writePairs(writer: ReplyWriter, pairs: readonly ReplyPair[]): void {
  for (const [key, value] of pairs) {
    writeReply(writer, key);
    writeReply(writer, value);
  }
}

/** Array.isArray does not narrow readonly arrays. */
function isArray(reply: readonly Reply[] | TaggedReply): reply is readonly Reply[] {
  return Array.isArray(reply);
}
