/** Asks replicas about rows, this node's own copy included, and reads their answers. */
import { type Awaitable, whenReady } from "../base/awaitable.ts";
import { cellDigest } from "../causality/cell-digest.ts";
import type { NodeId } from "../ring/ring-member.ts";
import type { Clock } from "../runtime/runtime.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import type { Participant } from "./quorum-need.ts";
import type { ReceivedCells } from "./received-cells.ts";
import {
  type Ack,
  decodeAck,
  decodeCellAnswer,
  decodeDigestAnswer,
  encodeReadRow,
  encodeWriteCell,
  REPLICA_METHOD,
} from "./replica-message.ts";
import type { KeyRef } from "./step.ts";

/** The cluster as this node sees it. */
export interface Cluster {
  readonly self: Participant;
  readonly epoch: number;
  /** True while slots are about to change their owners: then nothing is written. Undefined: never. */
  readonly isMoving?: boolean;
  /** The preference list. */
  replicasOf(slot: number): readonly Participant[];
  /** Who stands in, in this order; none is a replica of the slot. */
  fallbacksOf(slot: number): readonly Participant[];
  /** This node's own verdict. */
  isUp(id: NodeId): boolean;
  /** Smaller is nearer; for ordering only. */
  distanceTo(id: NodeId): number;
  /** The time that 99 of 100 of its answers stay below; 0 if nothing is known. */
  p99Ms(id: NodeId): number;
}

export interface PeerCalls {
  /** Rejects with StoreError: not applied if it surely never arrived, else unknown. */
  call(
    to: NodeId,
    method: number,
    payload: Uint8Array,
    options: { readonly timeoutMs: number },
  ): Promise<Uint8Array>;
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

  /** Resolves when this node's copy has the cell, as durably as the settings promise. */
  async mergeOwn(ref: KeyRef, cell: Uint8Array): Promise<Ack> {
    await this.#parts.received.merge(ref, cell, this.#parts.clock.wallMs());
    return this.ownAck();
  }

  /** Resolves once what this node has stored so far is as durable as the settings promise. */
  async ownAck(): Promise<Ack> {
    await this.#parts.engine.durable();
    return { isSynced: this.#parts.isSynced };
  }

  async write(
    to: NodeId,
    { ref, cell, hintFor }: { ref: KeyRef; cell: Uint8Array; hintFor: NodeId | undefined },
    timeoutMs: number,
  ): Promise<Ack> {
    const { cluster, peers } = this.#parts;
    if (to === cluster.self.id) return this.mergeOwn(ref, cell);
    const payload = encodeWriteCell({ epoch: cluster.epoch, ref, cell, hintFor });
    return decodeAck(await peers.call(to, REPLICA_METHOD.writeCell, payload, { timeoutMs }));
  }

  /** What the node keeps of the row for others; undefined if nothing. */
  async readHint(to: NodeId, ref: KeyRef, timeoutMs: number): Promise<Uint8Array | undefined> {
    const { cluster, peers } = this.#parts;
    const payload = encodeReadRow({ epoch: cluster.epoch, ref });
    return decodeCellAnswer(await peers.call(to, REPLICA_METHOD.readHint, payload, { timeoutMs }));
  }

  async read(
    to: NodeId,
    { ref, isWhole }: { ref: KeyRef; isWhole: boolean },
    timeoutMs: number,
  ): Promise<RowAnswer> {
    const { cluster, peers } = this.#parts;
    if (to === cluster.self.id) return whenReady(this.loadOwn(ref), wholeAnswer);
    const payload = encodeReadRow({ epoch: cluster.epoch, ref });
    if (isWhole) {
      return wholeAnswer(
        decodeCellAnswer(await peers.call(to, REPLICA_METHOD.readCell, payload, { timeoutMs })),
      );
    }
    const answer = await peers.call(to, REPLICA_METHOD.readDigest, payload, { timeoutMs });
    return { digest: decodeDigestAnswer(answer), row: undefined };
  }
}

function wholeAnswer(cell: Uint8Array | undefined): RowAnswer {
  return { digest: cellDigest(cell), row: { cell } };
}
