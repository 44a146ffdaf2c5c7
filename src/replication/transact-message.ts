/**
 * A whole transaction whose keys are of one slot, sent to a replica of it: the calls, and what the client watched of their
 * keys when it began.
 * DO NOT CHANGE: docs/formats/replica-messages.md draws them, and says how versions are added.
 *
 * Readers throw StoreError INVALID_REQUEST. What they return are views of the payload.
 */
import { toText, utf8 } from "../base/bytes.ts";
import { readArgs, readBoolean, readLevel, writeArgs, writeLevel } from "./forward-message.ts";
import type { ConsistencyLevel } from "./quorum-need.ts";
import { begin, beginAnswer, open, openAnswer, readRef, writeRef } from "./replica-message.ts";
import type { KeyRef } from "./step.ts";
import { malformedMessage } from "./wire-bytes.ts";

export interface Transact {
  readonly epoch: number;
  /** RESP's version. */
  readonly protocol: 2 | 3;
  /** Undefined: the keyspace's own. */
  readonly read: ConsistencyLevel | undefined;
  readonly write: ConsistencyLevel | undefined;
  /** It runs only if each of these keys has still this version; see watch-board.ts. */
  readonly watches: readonly { readonly ref: KeyRef; readonly version: string }[];
  readonly calls: readonly TransactCall[];
}

export interface TransactCall {
  readonly database: number;
  readonly args: readonly Uint8Array[];
}

const COUNT_MAX = 1024 * 1024;

export function encodeTransact({ epoch, protocol, read, write, watches, calls }: Transact): Uint8Array {
  const writer = writeLevel(writeLevel(begin(epoch).uint8(protocol), read), write).uint32(watches.length);
  for (const { ref, version } of watches) writeRef(writer, ref).sized(utf8(version));
  writer.uint32(calls.length);
  for (const { database, args } of calls) writeArgs(writer.uint8(database), args);
  return writer.finish();
}

export function decodeTransact(payload: Uint8Array): Transact {
  const { reader, epoch } = open(payload);
  const protocol = reader.uint8();
  if (protocol !== 2 && protocol !== 3) throw malformedMessage(`protocol ${protocol}`);
  const [read, write] = [readLevel(reader), readLevel(reader)];
  const watches = Array.from({ length: limited(reader.uint32()) }, () => ({
    ref: readRef(reader),
    version: toText(reader.sized()),
  }));
  const calls = Array.from({ length: limited(reader.uint32()) }, () => ({
    database: reader.uint8(),
    args: readArgs(reader),
  }));
  reader.end();
  return { epoch, protocol, read, write, watches, calls };
}

/** Each call's reply, as RESP; undefined if a watched key has changed, and nothing was run. */
export function encodeRepliesAnswer(replies: readonly Uint8Array[] | undefined): Uint8Array {
  const writer = beginAnswer().uint8(replies === undefined ? 0 : 1);
  if (replies === undefined) return writer.finish();
  writeArgs(writer, replies);
  return writer.finish();
}

export function decodeRepliesAnswer(payload: Uint8Array): readonly Uint8Array[] | undefined {
  const reader = openAnswer(payload);
  const replies = readBoolean(reader) ? readArgs(reader) : undefined;
  reader.end();
  return replies;
}

function limited(count: number): number {
  if (count > COUNT_MAX) throw malformedMessage("too much at once");
  return count;
}
