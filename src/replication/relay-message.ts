/**
 * How a write crosses to another datacenter once: the request to a replica there that takes the cell and spreads it among the others
 * there, and its answer, which says how far each of them is.
 * DO NOT CHANGE: docs/formats/replica-messages.md draws them, and says how versions are added.
 *
 * Readers throw StoreError INVALID_REQUEST. What they return are views of the payload.
 */
import { type ErrorCode, type Outcome, StoreError } from "../base/errors.ts";
import type { NodeId } from "../ring/ring-member.ts";
import {
  type Ack,
  begin,
  beginAnswer,
  open,
  openAnswer,
  readRef,
  SYNCED,
  UNSYNCED,
  writeRef,
} from "./replica-message.ts";
import type { KeyRef } from "./step.ts";
import { malformedMessage } from "./wire-bytes.ts";

/** Whom the relay brings the cell, besides itself. */
export interface RelayTarget {
  readonly id: NodeId;
  /** For whom it is to keep the cell, as a hint; undefined if it is its own. */
  readonly hintFor: NodeId | undefined;
}

export interface RelayCell {
  readonly epoch: number;
  readonly ref: KeyRef;
  /** Encoded. */
  readonly cell: Uint8Array;
  /** The relay answers once so many have it as their own, itself included; or all have said something. */
  readonly ackCount: number;
  readonly targets: readonly RelayTarget[];
}

/** Entrusted: it has not answered the relay, which keeps a hint for it should it fail. */
export type RelayedState = Ack | "entrusted" | { readonly failure: StoreError };

const TARGETS_MAX = 255;
const ACKED = 0;
const ACKED_SYNCED = 1;
const ENTRUSTED = 2;
const FAILED: readonly { readonly outcome: Outcome; readonly code: ErrorCode }[] = [
  { outcome: "not-applied", code: "IO" },
  { outcome: "unknown", code: "IO" },
  { outcome: "not-applied", code: "STALE_PLAN" },
];

export function encodeRelayCell({ epoch, ref, cell, ackCount, targets }: RelayCell): Uint8Array {
  const writer = begin(epoch).uint8(ackCount).uint8(targets.length);
  for (const { id, hintFor } of targets) writer.name(id).name(hintFor ?? "");
  return writeRef(writer, ref).bytes(cell).finish();
}

export function decodeRelayCell(payload: Uint8Array): RelayCell {
  const { reader, epoch } = open(payload);
  const ackCount = reader.uint8();
  const targets = Array.from({ length: reader.uint8() }, (): RelayTarget => {
    const id = reader.name();
    const hintFor = reader.name();
    return { id, hintFor: hintFor === "" ? undefined : hintFor };
  });
  if (targets.some(({ id }) => id === "")) throw malformedMessage("a target has no name");
  const ref = readRef(reader);
  return { epoch, ref, cell: reader.rest(), ackCount, targets };
}

/** Of the relay, then of its targets, as they were named. Requires: 256 at most. */
export function encodeRelayed(states: readonly RelayedState[]): Uint8Array {
  const writer = beginAnswer();
  for (const state of states) writer.uint8(numberOf(state));
  return writer.finish();
}

export function decodeRelayed(payload: Uint8Array, targetCount: number): readonly RelayedState[] {
  const reader = openAnswer(payload);
  const states = Array.from({ length: 1 + Math.min(targetCount, TARGETS_MAX) }, () =>
    stateOf(reader.uint8()),
  );
  reader.end();
  return states;
}

function numberOf(state: RelayedState): number {
  if (state === "entrusted") return ENTRUSTED;
  if (!("failure" in state)) return state.isSynced ? ACKED_SYNCED : ACKED;
  const { outcome, code } = state.failure;
  if (code === "STALE_PLAN") return ENTRUSTED + 3;
  return ENTRUSTED + (outcome === "not-applied" ? 1 : 2);
}

function stateOf(number: number): RelayedState {
  if (number === ACKED) return UNSYNCED;
  if (number === ACKED_SYNCED) return SYNCED;
  if (number === ENTRUSTED) return "entrusted";
  const failed = FAILED[number - ENTRUSTED - 1];
  if (failed === undefined) throw malformedMessage(`state ${number} of who was relayed to`);
  return { failure: new StoreError(failed.code, failed.outcome, "the relay could not bring it the write") };
}
