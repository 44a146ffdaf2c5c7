/**
 * One attempt of a door to have a request carried out elsewhere: the request, and what keeps a late one from doing harm.
 * DO NOT CHANGE: docs/formats/replica-messages.md draws it, and says how versions are added.
 *
 *   when and how long   so that the receiver can tell that it comes too late: its sender has gone on by then
 *   a stamp             of a plain overwrite: whoever makes it, and however often, it is one write (ADR 0011)
 *
 * The reader throws StoreError INVALID_REQUEST. What it returns are views of the payload.
 */
import { actorBytes, readActor } from "../causality/actor.ts";
import type { Stamp } from "../causality/cell-write.ts";
import { isCounter } from "../causality/dot.ts";
import { LOGICAL_MAX } from "../causality/hybrid-clock.ts";
import { readBoolean } from "./forward-message.ts";
import { begin, open } from "./replica-message.ts";
import { malformedMessage, type WireReader } from "./wire-bytes.ts";

/** A method of its own, beside those that it carries. */
export const ATTEMPT_METHOD = 69;

export interface Attempt {
  /** Another one of the same sender each time its clock begins anew. */
  readonly life: number;
  /** By the sender's monotonic clock. */
  readonly sentMs: number;
  /** How long the sender waits for this attempt. */
  readonly patienceMs: number;
  /** The sender's wall clock, by which the request's expiries are reckoned. */
  readonly wallMs: number;
  /** Of the first key that the request overwrites; undefined for every other request. */
  readonly stamp: Stamp | undefined;
  /** Of DOOR_METHOD. */
  readonly method: number;
  readonly payload: Uint8Array;
}

export function encodeAttempt(epoch: number, attempt: Attempt): Uint8Array {
  const { life, sentMs, patienceMs, wallMs, stamp, method, payload } = attempt;
  const writer = begin(epoch).uint32(life).uint48(Math.floor(sentMs)).uint32(Math.ceil(patienceMs));
  writer.uint48(wallMs).uint8(stamp === undefined ? 0 : 1);
  if (stamp !== undefined) {
    writer.bytes(actorBytes(stamp.dot.actor)).uint48(stamp.dot.counter);
    writer.uint48(stamp.hlc.wallMs).uint32(stamp.hlc.logical);
  }
  return writer.uint8(method).bytes(payload).finish();
}

export function decodeAttempt(bytes: Uint8Array): Attempt {
  const { reader } = open(bytes);
  const life = reader.uint32();
  const sentMs = reader.uint48();
  const patienceMs = reader.uint32();
  const wallMs = reader.uint48();
  const stamp = readBoolean(reader) ? readStamp(reader) : undefined;
  return { life, sentMs, patienceMs, wallMs, stamp, method: reader.uint8(), payload: reader.rest() };
}

function readStamp(reader: WireReader): Stamp {
  const dot = { actor: readActor(reader.bytes(8), 0), counter: reader.uint48() };
  const hlc = { wallMs: reader.uint48(), logical: reader.uint32() };
  if (!isCounter(dot.counter) || hlc.logical > LOGICAL_MAX) throw malformedMessage("a stamp that is none");
  return { dot, hlc };
}
