/**
 * What this node does for other replicas: takes their cells, keeps them as hints for others, spreads them in its datacenter,
 * shows its own.
 *
 * Invariant: an ack leaves only once the write is as durable as the settings promise.
 * Invariant: what is refused for want of room, or as malformed, has not been applied.
 */
import { type Awaitable, whenReady } from "../base/awaitable.ts";
import { pooledCopy } from "../base/byte-pool.ts";
import type { ByteRange } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import { cellDigest, plainDigestEnd } from "../causality/cell-digest.ts";
import { cellNewestTime } from "../causality/encoded-cell.ts";
import type { PayloadWriter } from "../peer/frame-writer.ts";
import type { NodeId } from "../ring/ring-member.ts";
import type { Clock } from "../runtime/runtime.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import type { ReceivedCells } from "./received-cells.ts";
import { decodeRelayCell, type RelayCell } from "./relay-message.ts";
import {
  type Ack,
  ANSWER_VERSION,
  decodeReadRow,
  decodeWriteCell,
  encodeAck,
  encodeCellAnswer,
  encodeDigestAnswer,
  findReadRow,
  findWriteCell,
  REPLICA_METHOD,
  type ReadRow,
  type RowInPlace,
  SYNCED,
  UNSYNCED,
  type WriteCell,
} from "./replica-message.ts";
import type { KeyRef } from "./step.ts";

/** Where cells wait for a node that is down. */
export interface HintKeeper {
  /** True if hints outlive a power failure. */
  readonly isSynced: boolean;
  /**
   * Resolves when durable; a hint that is not urgent takes its time. Rejects with StoreError: OVERLOADED, not applied,
   * if there is no room.
   */
  add(
    target: NodeId,
    ref: KeyRef,
    cell: Uint8Array,
    options?: { readonly isUrgent?: boolean },
  ): Promise<void>;
  /** True if something waits here for the node. Hot. */
  waitsFor(target: NodeId): boolean;
  /** What hints for any node tell of the row, merged. */
  find(ref: KeyRef): Awaitable<Uint8Array | undefined>;
}

export interface CellRelay {
  /** Resolves with the answer's payload. `takeHere` stores the cell here. */
  spread(request: RelayCell, takeHere: () => Awaitable<Ack>): Promise<Uint8Array>;
}

export interface ReplicaDoorParts {
  readonly received: ReceivedCells;
  readonly engine: Pick<StorageEngine, "durable">;
  readonly hints: HintKeeper;
  readonly clock: Pick<Clock, "wallMs">;
  /** Undefined where nobody is far away. */
  readonly relay?: CellRelay;
  readonly settings: ReplicaDoorSettings;
  /** Throws StoreError, not applied, if the sender's plan is too old for what it asks of this node's own copy. */
  readonly requireCurrent?: (request: ReadRow, isWrite: boolean) => void;
  /** True if that takes whatever is of that epoch. Hot. */
  readonly isCurrent?: (epoch: number) => boolean;
}

export interface ReplicaDoorSettings {
  /** True if `durable` means that a write would survive a power failure. */
  readonly isSynced: boolean;
  /** Requests that wait for the disk, and the bytes of their payloads. */
  readonly runningMax: number;
  readonly runningBytesMax: number;
}

export class ReplicaDoor {
  readonly #parts: ReplicaDoorParts;
  #running = 0;
  #runningBytes = 0;
  #durable: Promise<void> | undefined;
  #acked: Promise<Uint8Array> = Promise.resolve(new Uint8Array(0));
  readonly #found: RowInPlace = {
    epoch: 0,
    database: 0,
    row: { bytes: new Uint8Array(0), start: 0, end: 0 },
    cellStart: 0,
  };

  constructor(parts: ReplicaDoorParts) {
    this.#parts = parts;
  }

  get running(): number {
    return this.#running;
  }

  /** True of the methods that are answered here. */
  answers(method: number): boolean {
    return Object.values(REPLICA_METHOD).some((answered) => answered === method);
  }

  /** The answer's payload. Throws or rejects with StoreError. `payload` may be reused once it has returned. */
  onRequest(method: number, payload: ByteRange): Awaitable<Uint8Array> {
    const { runningMax, runningBytesMax } = this.#parts.settings;
    const sizeBytes = payload.end - payload.start;
    if (this.#running >= runningMax || this.#runningBytes + sizeBytes > runningBytesMax) {
      throw new StoreError("OVERLOADED", "not-applied", `${this.#running} requests of replicas run already`);
    }
    const answer =
      (method === REPLICA_METHOD.writeCell && this.#writeAtOnce(payload)) ||
      this.#answer(method, pooledCopy(payload.bytes, payload.start, payload.end));
    if (!(answer instanceof Promise)) return answer;
    this.#running++;
    this.#runningBytes += sizeBytes;
    const onOver = (): void => {
      this.#running--;
      this.#runningBytes -= sizeBytes;
    };
    answer.then(onOver, onOver); // `finally` makes three promises more
    return answer;
  }

  #answer(method: number, payload: Uint8Array): Awaitable<Uint8Array> {
    const { hints } = this.#parts;
    switch (method) {
      case REPLICA_METHOD.writeCell:
        return this.#write(decodeWriteCell(payload));
      case REPLICA_METHOD.relayCell:
        return this.#relay(decodeRelayCell(payload));
      case REPLICA_METHOD.readCell:
        return whenReady(this.#load(payload), encodeCellAnswer);
      case REPLICA_METHOD.readDigest:
        return whenReady(this.#load(payload), (cell) => encodeDigestAnswer(cellDigest(cell)));
      case REPLICA_METHOD.readHint:
        return whenReady(hints.find(decodeReadRow(payload).ref), encodeCellAnswer);
      default:
        throw new StoreError("INVALID_REQUEST", "not-applied", `replicas have no method ${method}`);
    }
  }

  /** Hot: writes the answer, if it is a digest that is at hand; else false, with nothing written. */
  answerInto(reply: PayloadWriter, method: number, payload: ByteRange): boolean {
    const found = this.#found;
    if (method !== REPLICA_METHOD.readDigest || !findReadRow(payload, found)) return false;
    const { requireCurrent, isCurrent } = this.#parts;
    if (requireCurrent !== undefined && isCurrent?.(found.epoch) !== true) return false;
    const { bytes, start } = found.row;
    const cell = this.#parts.received.find(found.database, bytes, start, found.cellStart);
    const digestEnd = cell === undefined ? -1 : plainDigestEnd(cell);
    if (digestEnd < 0) return false;
    reply.uint8(ANSWER_VERSION);
    reply.range(cell!.bytes, cell!.start, digestEnd);
    return true;
  }

  /** Hot: most writes, where they lie. Undefined, with nothing done, of the others. */
  #writeAtOnce(payload: ByteRange): Awaitable<Uint8Array> | undefined {
    const { received, engine, clock, settings, requireCurrent, isCurrent } = this.#parts;
    const found = this.#found;
    if (!findWriteCell(payload, found)) return undefined;
    if (requireCurrent !== undefined && isCurrent?.(found.epoch) !== true) return undefined;
    const merged = received.mergeAtOnce(found.database, found.row, found.cellStart, clock.wallMs());
    if (merged === false) return undefined;
    const ack = encodeAck(settings);
    if (merged instanceof Promise) return merged.then(() => whenReady(engine.durable(), () => ack));
    const durable = engine.durable();
    return durable === undefined ? ack : this.#ackOnce(durable, ack);
  }

  /** All writes that become durable together have one promise. */
  #ackOnce(durable: Promise<void>, ack: Uint8Array): Promise<Uint8Array> {
    if (this.#durable !== durable) {
      this.#durable = durable;
      this.#acked = durable.then(() => ack);
    }
    return this.#acked;
  }

  #load(payload: Uint8Array): Awaitable<Uint8Array | undefined> {
    const request = decodeReadRow(payload);
    this.#parts.requireCurrent?.(request, false);
    return this.#parts.received.load(request.ref);
  }

  #write(write: WriteCell): Awaitable<Uint8Array> {
    const { ref, cell, hintFor } = write;
    const { hints } = this.#parts;
    if (hintFor !== undefined) {
      cellNewestTime(cell); // what is no cell would stand in the way of all hints behind it
      return hints.add(hintFor, ref, cell).then(() => encodeAck({ isSynced: hints.isSynced }));
    }
    return whenReady(this.#take(write), encodeAck);
  }

  #relay(request: RelayCell): Awaitable<Uint8Array> {
    const { relay } = this.#parts;
    if (relay !== undefined) return relay.spread(request, () => this.#take(request));
    throw new StoreError("INVALID_REQUEST", "not-applied", "this node relays nothing");
  }

  /** Resolves when the cell is here, as durable as the settings promise. */
  #take(request: Omit<WriteCell, "hintFor">): Awaitable<Ack> {
    const { received, engine, clock, settings, requireCurrent } = this.#parts;
    requireCurrent?.(request, true);
    const ack = settings.isSynced ? SYNCED : UNSYNCED;
    const merged = received.merge(request.ref, request.cell, clock.wallMs());
    if (merged instanceof Promise) return merged.then(() => whenReady(engine.durable(), () => ack));
    const durable = engine.durable();
    return durable === undefined ? ack : durable.then(() => ack);
  }
}
