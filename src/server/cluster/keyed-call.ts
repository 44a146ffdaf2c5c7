/** A command on keys as the door of a cluster runs it, wherever the copies are. */
import { assert } from "../../base/assert.ts";
import { utf8 } from "../../base/bytes.ts";
import type { Stamp } from "../../causality/cell-write.ts";
import type { Keyspaces } from "../../membership/keyspaces.ts";
import { nthStamp } from "../../replication/stamper.ts";
import type { Change, KeyRef } from "../../replication/step.ts";
import type { Receipt } from "../../replication/write-quorum.ts";
import { failure, type Reply } from "../../resp/reply.ts";
import { slotOf } from "../../ring/slot.ts";
import { latin1 } from "../arguments.ts";
import type { KeyCommand } from "../command-shape.ts";
import type { AskedLevels } from "./consistency.ts";

export interface KeyedCall {
  readonly command: KeyCommand;
  /** The caller's own: they may be needed later. */
  readonly args: readonly Uint8Array[];
  readonly database: number;
  readonly protocol: 2 | 3;
  readonly asked: AskedLevels;
  readonly wantsReceipt: boolean;
  readonly wallMs: number;
  /** How another node's door has sent it here: it goes no further then. */
  readonly sentHere: SentHere | undefined;
}

/** What holds for a request that another node's door has sent here. */
export interface SentHere {
  /** Of what the request overwrites: see Attempt. */
  readonly stamp: Stamp | undefined;
  /** Throws StoreError, not applied, if its sender does not wait for it any more: it may have asked somebody else. */
  requireInTime(): void;
}

export interface KeyedOutcome {
  readonly reply: Reply;
  /** Undefined if nothing was written. */
  readonly receipt: Receipt | undefined;
}

/** The slot of all of them; undefined if they have several. Requires: at least one. */
export function commonSlot(refs: readonly KeyRef[]): number | undefined {
  const slot = slotOf(refs[0]!.key);
  return refs.every(({ key }) => slotOf(key) === slot) ? slot : undefined;
}

/** Each key once. */
export function distinctRefs(refs: readonly KeyRef[]): readonly KeyRef[] {
  const byName = new Map(refs.map((ref) => [`${ref.database}:${latin1(ref.key)}`, ref]));
  return [...byName.values()];
}

/** True if each of its keys is given a value in place of whatever is there, and that is all. */
export function isOverwrite({ command, args }: Pick<KeyedCall, "command" | "args">): boolean {
  return isBlind({ command, args }) && !("leavesUnseen" in command && command.leavesUnseen === true);
}

/**
 * The arguments of a request that goes to another node, and whether it may go there under a stamp: then it must say when its
 * values expire, for replicas that go by different plans must make the same write of it.
 */
export function withExpirySaid(
  call: Pick<KeyedCall, "command" | "args">,
  keyspaces: Keyspaces,
): { readonly args: readonly Uint8Array[]; readonly isStampable: boolean } {
  const { command, args } = call;
  if (!isOverwrite(call)) return { args, isStampable: false };
  if (!keyspaces.hasExpiry) return { args, isStampable: true };
  if (command.name === "set" && args.length === 3) {
    const { ttlMs } = keyspaces.of(args[1]!);
    return { args: ttlMs === 0 ? args : [...args, utf8("PX"), utf8(String(ttlMs))], isStampable: true };
  }
  // What says so itself needs nothing; of several keys there is no room for it.
  return {
    args,
    isStampable: command.name === "setex" || command.name === "psetex" || command.name === "set",
  };
}

/** The change of a request's key of that number, as the sender wants it made. */
export function asSent(
  change: Change | undefined,
  index: number,
  sentHere: SentHere | undefined,
): Change | undefined {
  sentHere?.requireInTime();
  const stamp = sentHere?.stamp;
  if (stamp === undefined || change === undefined) return change;
  assert(change.kind === "put" && change.context === undefined, "only overwrites are stamped elsewhere");
  return { ...change, stamp: nthStamp(stamp, index) };
}

export function isBlind({ command, args }: Pick<KeyedCall, "command" | "args">): boolean {
  return "isBlind" in command && command.isBlind?.(args) === true;
}

const MINUS = 0x2d;
const LINE_END_BYTES = 2;

/** A reply that another node has written. */
export function encodedReply(bytes: Uint8Array): Reply {
  if (bytes[0] !== MINUS) return { kind: "encoded", bytes };
  return failure(latin1(bytes.subarray(1, bytes.length - LINE_END_BYTES)));
}
