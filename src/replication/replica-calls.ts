/** Asks replicas about rows, this node's own copy included, and reads their answers. */
import type { Awaitable } from "../base/awaitable.ts";
import type { ByteRange } from "../base/bytes.ts";
import type { StoreError } from "../base/errors.ts";
import { cellDigest } from "../causality/cell-digest.ts";
import type { NodeId } from "../ring/ring-member.ts";
import type { Clock } from "../runtime/runtime.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import type { Participant } from "./quorum-need.ts";
import type { ReceivedCells } from "./received-cells.ts";
import { encodeRelayCell, type RelayCell } from "./relay-message.ts";
import {
  type Ack,
  decodeCellAnswer,
  encodeReadRow,
  encodeWriteCell,
  REPLICA_METHOD,
  SYNCED,
  UNSYNCED,
} from "./replica-message.ts";
import type { KeyRef } from "./step.ts";

/** The cluster as this node sees it. */
export interface Cluster {
  readonly self: Participant;
  readonly epoch: number;
  /** The preference list: whom reads ask. */
  replicasOf(slot: number): readonly Participant[];
  /** While the slot moves: who has it on the other side of the move, where writes must be as well. */
  otherReplicasOf?(slot: number): readonly Participant[] | undefined;
  /** Who stands in, in this order; none is a replica of the slot. */
  fallbacksOf(slot: number): readonly Participant[];
  /** This node's own verdict. */
  isUp(id: NodeId): boolean;
  /** True if it is up, or may be: it is late, and passed over as long as others will do. */
  mayAnswer?(id: NodeId): boolean;
  /** Smaller is nearer; for ordering only. */
  distanceTo(id: NodeId): number;
  /** The time that 99 of 100 of its answers stay below; 0 if nothing is known. */
  p99Ms(id: NodeId): number;
}

/** Told how a request ended, once, and never before the call that sent it has returned. One may hear of many. */
export interface AnswerReceiver {
  /** `payload` is the network's: copy what is to outlive the call. */
  onReply(from: Answerer, payload: ByteRange): void;
  onFailure(from: Answerer, failure: unknown): void;
}

export interface Answerer {
  readonly id: NodeId | undefined;
}

export interface PeerCalls {
  /** Rejects with StoreError: not applied if it surely never arrived, else unknown. */
  call(
    to: NodeId,
    method: number,
    payload: Uint8Array,
    options: { readonly timeoutMs: number },
  ): Promise<Uint8Array>;
  /** Where there is such a method: as `call`, without a promise. The refusal if it is not sent: nobody is told then. */
  request?(
    to: NodeId,
    method: number,
    payload: Uint8Array,
    receiver: AnswerReceiver,
    timeoutMs: number,
  ): StoreError | undefined;
  /** Where there is such a method: as `request`, of a payload that is the caller's again when it returns. Hot. */
  requestRange?(
    to: NodeId,
    method: number,
    payload: ByteRange,
    receiver: AnswerReceiver,
    timeoutMs: number,
  ): StoreError | undefined;
}

export interface ReplicaCallsParts {
  readonly cluster: Cluster;
  readonly peers: PeerCalls;
  readonly received: ReceivedCells;
  readonly engine: Pick<StorageEngine, "durable">;
  readonly clock: Pick<Clock, "wallMs">;
  /** True if `durable` means that a write would survive a power failure. */
  readonly isSynced: boolean;
}

/** A replica's answer to a read: at least a digest. */
export interface RowAnswer {
  readonly digest: Uint8Array;
  /** Undefined if only the digest was asked for. */
  readonly row: { readonly cell: Uint8Array | undefined } | undefined;
}

export class ReplicaCalls {
  readonly #parts: ReplicaCallsParts;

  constructor(parts: ReplicaCallsParts) {
    this.#parts = parts;
  }

  /** This node's copy. */
  loadOwn(ref: KeyRef): Awaitable<Uint8Array | undefined> {
    return this.#parts.received.load(ref);
  }

  /** This node's copy has the cell once that is there, as durably as the settings promise. */
  mergeOwn(ref: KeyRef, cell: Uint8Array): Awaitable<Ack> {
    const merged = this.#parts.received.merge(ref, cell, this.#parts.clock.wallMs());
    return merged instanceof Promise ? merged.then(() => this.ownAck()) : this.ownAck();
  }

  /** There once what this node has stored so far is as durable as the settings promise. */
  ownAck(): Awaitable<Ack> {
    const ack = this.#parts.isSynced ? SYNCED : UNSYNCED;
    const durable = this.#parts.engine.durable();
    return durable === undefined ? ack : durable.then(() => ack);
  }

  /** The payload of a request to take a cell, for `send`. */
  encodeWrite(ref: KeyRef, cell: Uint8Array, hintFor: NodeId | undefined): Uint8Array {
    return encodeWriteCell({ epoch: this.#parts.cluster.epoch, ref, cell, hintFor });
  }

  /** The payload of a request to take a cell and spread it, for `send`. */
  encodeRelay(ref: KeyRef, cell: Uint8Array, to: Pick<RelayCell, "ackCount" | "targets">): Uint8Array {
    return encodeRelayCell({ epoch: this.#parts.cluster.epoch, ref, cell, ...to });
  }

  /** The payload of a request to show a row. */
  encodeRead(ref: KeyRef): Uint8Array {
    return encodeReadRow({ epoch: this.#parts.cluster.epoch, ref });
  }

  /** Asks another node. Hot. */
  send(
    to: NodeId,
    request: { readonly method: number; readonly payload: Uint8Array; readonly timeoutMs: number },
    receiver: AnswerReceiver,
  ): void {
    const { peers } = this.#parts;
    const { method, payload, timeoutMs } = request;
    if (peers.request === undefined) {
      peers.call(to, method, payload, { timeoutMs }).then(
        (bytes) => receiver.onReply({ id: to }, { bytes, start: 0, end: bytes.length }),
        (failure: unknown) => receiver.onFailure({ id: to }, failure),
      );
      return;
    }
    const refusal = peers.request(to, method, payload, receiver, timeoutMs);
    if (refusal !== undefined) void Promise.resolve().then(() => receiver.onFailure({ id: to }, refusal));
  }

  /** As `send`, of a payload that is the caller's again when it returns. Hot. */
  sendRange(
    to: NodeId,
    method: number,
    payload: ByteRange,
    receiver: AnswerReceiver,
    timeoutMs: number,
  ): void {
    const { peers } = this.#parts;
    if (peers.requestRange === undefined) {
      const { bytes, start, end } = payload;
      this.send(to, { method, payload: bytes.slice(start, end), timeoutMs }, receiver);
      return;
    }
    const refusal = peers.requestRange(to, method, payload, receiver, timeoutMs);
    if (refusal !== undefined) void Promise.resolve().then(() => receiver.onFailure({ id: to }, refusal));
  }

  /** What the node keeps of the row for others; undefined if nothing. */
  async readHint(to: NodeId, ref: KeyRef, timeoutMs: number): Promise<Uint8Array | undefined> {
    const { cluster, peers } = this.#parts;
    const payload = encodeReadRow({ epoch: cluster.epoch, ref });
    return decodeCellAnswer(await peers.call(to, REPLICA_METHOD.readHint, payload, { timeoutMs }));
  }
}

export function wholeAnswer(cell: Uint8Array | undefined): RowAnswer {
  return { digest: cellDigest(cell), row: { cell } };
}
