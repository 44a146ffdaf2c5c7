/**
 * Answers what other replicas' exchanges ask of this node. Some questions at a time: each is bounded, and so is what all of
 * them hold.
 */
import type { ByteRange } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import type { GoneRow } from "./agreement-message.ts";
import {
  type AskedSpan,
  decodeCompareSums,
  decodeFetchRows,
  decodeGiveRows,
  decodeListRows,
  decodeSettleRows,
  EXCHANGE_METHOD,
  encodeComparedSums,
  encodeListedHashes,
  encodeRefusedCount,
  encodeSettledRows,
  HASHES_MAX,
  type ListedHashes,
  ROWS_BYTES_MAX,
  rowBytes,
  type SettledRows,
} from "./exchange-message.ts";
import type { ExchangedRows, IsShared } from "./exchanged-rows.ts";

export interface ExchangeDoorParts {
  readonly rows: ExchangedRows;
  /** By the topology of that epoch. Throws StoreError, not applied, if this node does not go by it. */
  readonly sharedWith: (id: string, epoch: number) => IsShared;
  /** Told of rows that the other one has given and this one has forgotten, as all have agreed. */
  readonly onGone: (from: string, rows: readonly GoneRow[]) => void;
}

/** Asked for by all others together. */
const RUNNING_MAX = 4;

export class ExchangeDoor {
  readonly #parts: ExchangeDoorParts;
  #running = 0;

  constructor(parts: ExchangeDoorParts) {
    this.#parts = parts;
  }

  /** The answer's payload. Rejects with StoreError. `payload` may be reused once it has returned. */
  async onRequest(method: number, payload: ByteRange, from: string): Promise<Uint8Array> {
    if (this.#running >= RUNNING_MAX) {
      throw new StoreError("OVERLOADED", "not-applied", "enough exchanges ask this node already");
    }
    this.#running++;
    try {
      return await this.#answer(method, payload.bytes.slice(payload.start, payload.end), from);
    } finally {
      this.#running--;
    }
  }

  #answer(method: number, payload: Uint8Array, from: string): Promise<Uint8Array> {
    switch (method) {
      case EXCHANGE_METHOD.compareSums:
        return this.#compare(payload, from);
      case EXCHANGE_METHOD.listRows:
        return this.#list(payload, from);
      case EXCHANGE_METHOD.settleRows:
        return this.#settle(payload, from);
      case EXCHANGE_METHOD.giveRows:
        return this.#take(payload, from);
      case EXCHANGE_METHOD.fetchRows:
        return this.#giveAll(payload, from);
      default:
        throw new StoreError("INVALID_REQUEST", "not-applied", `exchanges have no method ${method}`);
    }
  }

  async #compare(payload: Uint8Array, from: string): Promise<Uint8Array> {
    const { epoch, nodes } = decodeCompareSums(payload);
    const isShared = this.#parts.sharedWith(from, epoch);
    const answers: (Int32Array | undefined)[] = [];
    for (const { sum, ...node } of nodes) {
      const ours = this.#parts.rows.sums(node, isShared);
      const { sum: own, children } = ours instanceof Promise ? await ours : ours;
      answers.push(own.low === sum.low && own.high === sum.high ? undefined : children);
    }
    return encodeComparedSums(answers);
  }

  async #list(payload: Uint8Array, from: string): Promise<Uint8Array> {
    const { epoch, spans } = decodeListRows(payload);
    const listed: ListedHashes[] = [];
    let count = 0;
    for (const span of spans) {
      this.#requireShared(span.slot, from, epoch);
      const page = await this.#parts.rows.page(span);
      listed.push(page);
      count += page.hashes.length;
      if (count >= HASHES_MAX) break;
    }
    return encodeListedHashes(listed);
  }

  async #settle(payload: Uint8Array, from: string): Promise<Uint8Array> {
    const { epoch, asked } = decodeSettleRows(payload);
    const settled: SettledRows[] = [];
    let bytes = 0;
    for (const each of asked) {
      this.#requireShared(each.span.slot, from, epoch);
      const answer = await this.#settleOne(each);
      settled.push(answer);
      for (const row of answer.rows) bytes += rowBytes(row);
      if (bytes >= ROWS_BYTES_MAX) break;
    }
    return encodeSettledRows(settled);
  }

  async #settleOne({ span, wanted, offered }: AskedSpan): Promise<SettledRows> {
    const wantedSet = new Set(wanted);
    const lacking = new Set(offered);
    const { rows, upTo } = await this.#parts.rows.pick(span, ({ hash }) => {
      lacking.delete(hash);
      return wantedSet.has(hash);
    });
    return { upTo, lacking, rows };
  }

  async #giveAll(payload: Uint8Array, from: string): Promise<Uint8Array> {
    const { epoch, ...slots } = decodeFetchRows(payload);
    const isShared = this.#parts.sharedWith(from, epoch);
    const { rows, upTo } = await this.#parts.rows.pickAll(slots, isShared);
    return encodeSettledRows([{ upTo, lacking: new Set(), rows }]);
  }

  async #take(payload: Uint8Array, from: string): Promise<Uint8Array> {
    const { epoch, rows } = decodeGiveRows(payload);
    const { refused, gone } = await this.#parts.rows.take(rows, this.#parts.sharedWith(from, epoch));
    if (gone.length > 0) this.#parts.onGone(from, gone);
    return encodeRefusedCount(refused);
  }

  #requireShared(slot: number, from: string, epoch: number): void {
    if (this.#parts.sharedWith(from, epoch)(slot)) return;
    throw new StoreError("INVALID_REQUEST", "not-applied", `not both nodes keep slot ${slot}`);
  }
}
