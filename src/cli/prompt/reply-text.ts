/** Replies as a person reads them: on a terminal with their types, for a pipe as they are. */

import { toText } from "../../base/bytes.ts";
import { plainReply } from "../../resp/plain-reply.ts";
import type { Reply, ReplyPair, TaggedReply } from "../../resp/reply.ts";
import { type Colour, coloured } from "../colour.ts";

/** Lines, without the last end. */
export function replyText(reply: Reply, isColoured = false): string {
  if (typeof reply === "string") return quotedText(reply);
  if (reply instanceof Uint8Array) return quotedBytes(reply);
  if (typeof reply === "number" || typeof reply === "bigint") return `(integer) ${reply}`;
  if (typeof reply === "boolean") return `(${reply})`;
  if (reply === null) return coloured("(nil)", "dim", isColoured);
  if (!("kind" in reply)) return listText(reply, isColoured, ")");
  return taggedText(reply, isColoured);
}

/**
 * What KV.GET answers, [context, value ...], as what it is: nothing, one value, or values that did not know of each
 * other, side by side.
 */
export function siblingsText(reply: Reply, isColoured = false): string {
  if (!Array.isArray(reply)) return replyText(reply, isColoured);
  const [context, ...values] = reply as readonly Reply[];
  const shown = values.map((value) => replyText(value, isColoured));
  const token = `context ${context instanceof Uint8Array ? toText(context) : replyText(context ?? null)}`;
  const foot = coloured(token, "dim", isColoured);
  if (shown.length === 0) return `${replyText(null, isColoured)}\n${foot}`;
  if (shown.length === 1) return `${shown[0]}\n${foot}`;
  const head = `${shown.length} values that did not know of each other, the newest first:`;
  const lines = shown.map((text, i) => `  ${i + 1}  ${text}`);
  return [coloured(head, "yellow", isColoured), ...lines, foot].join("\n");
}

/** For a pipe: bytes as they are, lists item by item, a line each. Without the last end. */
export function rawReply(reply: Reply): Uint8Array {
  if (reply instanceof Uint8Array) return reply;
  if (typeof reply === "string") return Buffer.from(reply);
  if (reply === null) return new Uint8Array(0);
  if (typeof reply !== "object") return Buffer.from(String(reply));
  if (!("kind" in reply)) return lines(reply.map(rawReply));
  switch (reply.kind) {
    case "simple":
    case "verbatim":
    case "failure":
      return Buffer.from(reply.text);
    case "map":
      return lines(reply.entries.flatMap(([key, value]) => [rawReply(key), rawReply(value)]));
    case "set":
    case "push":
      return lines(reply.items.map(rawReply));
    case "attributed":
      return rawReply(reply.reply);
    case "double":
    case "bigNumber":
      return Buffer.from(String(reply.value));
    default:
      return new Uint8Array(0);
  }
}

function lines(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts.flatMap((part, i) => (i === 0 ? [part] : [Buffer.from("\n"), part])));
}

function taggedText(reply: TaggedReply, isColoured: boolean): string {
  switch (reply.kind) {
    case "simple":
    case "verbatim":
      return reply.text;
    case "failure":
      return coloured(`(error) ${reply.text}`, "red", isColoured);
    case "map":
      return reply.entries.length === 0 ? "(empty map)" : mapText(reply.entries, isColoured);
    case "set":
    case "push":
      return listText(reply.items, isColoured, "~");
    case "double":
      return `(double) ${reply.value}`;
    case "bigNumber":
      return `(big number) ${reply.value}`;
    case "attributed":
      return replyText(reply.reply, isColoured);
    default:
      return coloured("(nil)", "dim" satisfies Colour, isColoured);
  }
}

/** "1) ...", nested lists further in. */
function listText(items: readonly Reply[], isColoured: boolean, mark: string): string {
  if (items.length === 0) return "(empty list)";
  const width = String(items.length).length;
  return items
    .map((item, i) => {
      const head = `${String(i + 1).padStart(width)}${mark} `;
      return head + replyText(item, isColoured).replaceAll("\n", `\n${" ".repeat(head.length)}`);
    })
    .join("\n");
}

function mapText(entries: readonly ReplyPair[], isColoured: boolean): string {
  return entries
    .map(([key, value]) => {
      const head = `${replyText(key, isColoured)} => `;
      return head + replyText(value, isColoured).replaceAll("\n", "\n    ");
    })
    .join("\n");
}

/** As text where it is text, else every byte that is none as \xHH. */
function quotedBytes(bytes: Uint8Array): string {
  try {
    return quotedText(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return quotedText(Buffer.from(bytes).toString("latin1")).replaceAll(/[\x7f-\xff]/g, hexOf);
  }
}

function quotedText(text: string): string {
  return JSON.stringify(text).replaceAll(/\\u00([0-9a-f]{2})/g, "\\x$1");
}

function hexOf(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

/** In one line. Maps become objects, sets arrays, an error {"error": TEXT}, what JSON has no number for a string. */
export function jsonReply(reply: Reply): string {
  return JSON.stringify(plainReply(reply), (_, value: unknown) => {
    if (value instanceof Map) return Object.fromEntries(value);
    if (value instanceof Set) return [...value];
    if (value instanceof Error) return { error: value.message };
    return typeof value === "bigint" || (typeof value === "number" && !Number.isFinite(value))
      ? `${value}`
      : value;
  });
}
