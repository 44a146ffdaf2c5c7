/**
 * What a node's door asks of other nodes: to run a client's whole request where there is a copy of its key, or to make
 * the change that a step wants, stamped there.
 * DO NOT CHANGE: docs/formats/replica-messages.md draws them, and says how versions are added.
 *
 * Readers throw StoreError INVALID_REQUEST. What they return are views of the payload.
 */
import { toText, utf8 } from "../base/bytes.ts";
import { decodeContextToken, encodeClientContext } from "../causality/context-token.ts";
import { CONSISTENCIES } from "../membership/topology.ts";
import type { ConsistencyLevel } from "./quorum-need.ts";
import { begin, beginAnswer, open, openAnswer, readRef, writeRef } from "./replica-message.ts";
import type { Change, KeyRef } from "./step.ts";
import { malformedMessage, type WireReader, type WireWriter } from "./wire-bytes.ts";
import type { Receipt } from "./write-quorum.ts";

/** A request, with what its session has set. The answer is the reply's bytes in that protocol. */
export interface ForwardRequest {
  readonly epoch: number;
  readonly database: number;
  /** RESP's version. */
  readonly protocol: number;
  /** Undefined: the keyspace's own. */
  readonly read: ConsistencyLevel | undefined;
  readonly write: ConsistencyLevel | undefined;
  /** How long the sender will wait. A length of time and no moment, for two clocks never agree. */
  readonly timeoutMs: number;
  readonly wantsReceipt: boolean;
  readonly args: readonly Uint8Array[];
}

/** The receipt, if one was asked for and something was written; and a reply's bytes, or none. */
export interface ForwardAnswer {
  readonly receipt: Receipt | undefined;
  readonly reply: Uint8Array;
}

/** A change to be stamped. Puts and deletes say by their `context` what their step had seen. */
export interface ApplyChange {
  readonly epoch: number;
  readonly ref: KeyRef;
  /** Undefined: the keyspace's own. */
  readonly write: ConsistencyLevel | undefined;
  readonly change: Change;
}

/** Numbers of the requests that doors make, among all that peers make. */
export const DOOR_METHOD = {
  forward: 64,
  applyChange: 65,
  walkKeys: 66,
  countRows: 67,
  transact: 68,
  flushKeys: 70,
} as const;

const NAMES_MAX = 255;
const ARGS_MAX = 1024 * 1024;
const PROTOCOL_MIN = 2;
const PROTOCOL_MAX = 3;
const KINDS = ["put", "patch", "delete", "expire", "increment"] as const;
const NO_LEVEL = 0;
const NUMBER_LEVEL = 0xff;

export function encodeForward(request: ForwardRequest): Uint8Array {
  const { epoch, database, protocol, read, write, timeoutMs, wantsReceipt, args } = request;
  const writer = begin(epoch).uint8(database).uint8(protocol);
  writeLevel(writeLevel(writer, read), write)
    .uint32(timeoutMs)
    .uint8(wantsReceipt ? 1 : 0);
  writeArgs(writer, args);
  return writer.finish();
}

export function writeArgs(writer: WireWriter, args: readonly Uint8Array[]): void {
  writer.uint32(args.length);
  for (const arg of args) writer.sized(arg);
}

export function readArgs(reader: WireReader): readonly Uint8Array[] {
  const argCount = reader.uint32();
  if (argCount > ARGS_MAX) throw malformedMessage("too many arguments");
  return Array.from({ length: argCount }, () => reader.sized());
}

export function decodeForward(payload: Uint8Array): ForwardRequest {
  const { reader, epoch } = open(payload);
  const database = reader.uint8();
  const protocol = reader.uint8();
  if (protocol < PROTOCOL_MIN || protocol > PROTOCOL_MAX) throw malformedMessage(`protocol ${protocol}`);
  const read = readLevel(reader);
  const write = readLevel(reader);
  const timeoutMs = reader.uint32();
  const wantsReceipt = readBoolean(reader);
  const args = readArgs(reader);
  reader.end();
  return { epoch, database, protocol, read, write, timeoutMs, wantsReceipt, args };
}

export function encodeForwardAnswer({ receipt, reply }: ForwardAnswer): Uint8Array {
  const writer = beginAnswer().uint8(receipt === undefined ? 0 : 1);
  if (receipt !== undefined) {
    for (const names of [receipt.machines, receipt.racks, receipt.nodes, receipt.fallbacks]) {
      const few = names.slice(0, NAMES_MAX);
      writer.uint8(few.length);
      for (const name of few) writer.sized(utf8(name));
    }
    writer.uint32(receipt.syncedCount);
  }
  return writer.bytes(reply).finish();
}

export function decodeForwardAnswer(payload: Uint8Array): ForwardAnswer {
  const reader = openAnswer(payload);
  const receipt = readBoolean(reader) ? readReceipt(reader) : undefined;
  return { receipt, reply: reader.rest() };
}

function readReceipt(reader: WireReader): Receipt {
  const names = (): readonly string[] => Array.from({ length: reader.uint8() }, () => toText(reader.sized()));
  const [machines, racks, nodes, fallbacks] = [names(), names(), names(), names()];
  return { machines, racks, nodes, fallbacks, syncedCount: reader.uint32() };
}

export function readBoolean(reader: WireReader): boolean {
  const value = reader.uint8();
  if (value > 1) throw malformedMessage(`${value} is neither yes nor no`);
  return value === 1;
}

export function encodeApplyChange({ epoch, ref, write, change }: ApplyChange): Uint8Array {
  const writer = writeLevel(writeRef(begin(epoch), ref), write).uint8(KINDS.indexOf(change.kind));
  switch (change.kind) {
    case "put":
      writeContext(writer.uint48(change.expiresAtMs), change).bytes(change.value);
      break;
    case "patch":
      writer.uint32(change.at).bytes(change.value);
      break;
    case "delete":
      writeContext(writer, change);
      break;
    case "expire":
      writer.uint48(change.expiresAtMs);
      break;
    case "increment":
      writer.int64(change.by);
      break;
  }
  return writer.finish();
}

export function decodeApplyChange(payload: Uint8Array): ApplyChange {
  const { reader, epoch } = open(payload);
  const ref = readRef(reader);
  const write = readLevel(reader);
  const change = readChange(reader);
  reader.end();
  return { epoch, ref, write, change };
}

function readChange(reader: WireReader): Change {
  const number = reader.uint8();
  const kind = KINDS[number];
  switch (kind) {
    case "put": {
      const expiresAtMs = reader.uint48();
      return { kind, expiresAtMs, ...readContext(reader), value: reader.rest() };
    }
    case "patch":
      return { kind, at: reader.uint32(), value: reader.rest() };
    case "delete":
      return { kind, ...readContext(reader) };
    case "expire":
      return { kind, expiresAtMs: reader.uint48() };
    case "increment":
      return { kind, by: reader.int64() };
    default:
      throw malformedMessage(`a change of kind ${number}`);
  }
}

function writeContext(writer: WireWriter, { context }: Change & { kind: "put" | "delete" }): WireWriter {
  return writer.sized(context === undefined ? NO_BYTES : utf8(encodeClientContext(context)));
}

function readContext(reader: WireReader): Pick<Change & { kind: "delete" }, "context"> {
  const token = reader.sized();
  return token.length === 0 ? {} : { context: decodeContextToken(toText(token)) };
}

export function writeLevel(writer: WireWriter, level: ConsistencyLevel | undefined): WireWriter {
  if (level === undefined) return writer.uint8(NO_LEVEL);
  if (typeof level === "number") return writer.uint8(NUMBER_LEVEL).uint32(level);
  return writer.uint8(1 + CONSISTENCIES.indexOf(level));
}

export function readLevel(reader: WireReader): ConsistencyLevel | undefined {
  const number = reader.uint8();
  if (number === NO_LEVEL) return undefined;
  if (number === NUMBER_LEVEL) return reader.uint32();
  const word = CONSISTENCIES[number - 1];
  if (word === undefined) throw malformedMessage(`consistency ${number}`);
  return word;
}

const NO_BYTES = new Uint8Array(0);
