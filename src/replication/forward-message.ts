/**
 * What a node sends that holds no copy of a key to one that does: a client's whole request, or the change that a step
 * wants, to be stamped there.
 * DO NOT CHANGE: docs/formats/replica-messages.md draws them, and says how versions are added.
 *
 * Readers throw StoreError INVALID_REQUEST. What they return are views of the payload.
 */
import { toText, utf8 } from "../base/bytes.ts";
import { decodeContextToken, encodeClientContext } from "../causality/context-token.ts";
import { CONSISTENCIES } from "../membership/topology.ts";
import type { ConsistencyLevel } from "./quorum-need.ts";
import { begin, open, readRef, writeRef } from "./replica-message.ts";
import type { Change, KeyRef } from "./step.ts";
import { malformedMessage, type WireReader, type WireWriter } from "./wire-bytes.ts";

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
  readonly args: readonly Uint8Array[];
}

/** A change to be stamped. Puts and deletes say by their `context` what their step had seen. */
export interface ApplyChange {
  readonly epoch: number;
  readonly ref: KeyRef;
  readonly change: Change;
}

const ARGS_MAX = 1024 * 1024;
const PROTOCOL_MIN = 2;
const PROTOCOL_MAX = 3;
const KINDS = ["put", "patch", "delete", "expire", "increment"] as const;
const NO_LEVEL = 0;
const NUMBER_LEVEL = 0xff;

export function encodeForward(request: ForwardRequest): Uint8Array {
  const { epoch, database, protocol, read, write, timeoutMs, args } = request;
  const writer = begin(epoch).uint8(database).uint8(protocol);
  writeLevel(writeLevel(writer, read), write).uint32(timeoutMs).uint32(args.length);
  for (const arg of args) writer.sized(arg);
  return writer.finish();
}

export function decodeForward(payload: Uint8Array): ForwardRequest {
  const { reader, epoch } = open(payload);
  const database = reader.uint8();
  const protocol = reader.uint8();
  if (protocol < PROTOCOL_MIN || protocol > PROTOCOL_MAX) throw malformedMessage(`protocol ${protocol}`);
  const read = readLevel(reader);
  const write = readLevel(reader);
  const timeoutMs = reader.uint32();
  const argCount = reader.uint32();
  if (argCount > ARGS_MAX) throw malformedMessage("too many arguments");
  const args = Array.from({ length: argCount }, () => reader.sized());
  reader.end();
  return { epoch, database, protocol, read, write, timeoutMs, args };
}

export function encodeApplyChange({ epoch, ref, change }: ApplyChange): Uint8Array {
  const writer = writeRef(begin(epoch), ref).uint8(KINDS.indexOf(change.kind));
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
  const change = readChange(reader);
  reader.end();
  return { epoch, ref, change };
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

function writeLevel(writer: WireWriter, level: ConsistencyLevel | undefined): WireWriter {
  if (level === undefined) return writer.uint8(NO_LEVEL);
  if (typeof level === "number") return writer.uint8(NUMBER_LEVEL).uint32(level);
  return writer.uint8(1 + CONSISTENCIES.indexOf(level));
}

function readLevel(reader: WireReader): ConsistencyLevel | undefined {
  const number = reader.uint8();
  if (number === NO_LEVEL) return undefined;
  if (number === NUMBER_LEVEL) return reader.uint32();
  const word = CONSISTENCIES[number - 1];
  if (word === undefined) throw malformedMessage(`consistency ${number}`);
  return word;
}

const NO_BYTES = new Uint8Array(0);
