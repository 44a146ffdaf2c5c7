/**
 * The second look at what differed at the first, and the mending of what still does: cells are fetched and merged, and what
 * the other replica lacks is given to it.
 *
 * A row that changed on either side since the first look is left alone: no row has the hash any more that was seen.
 */
import { equalBytes } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import { databaseOfRow, keyRange } from "../storage/row-key.ts";
import { AGREEMENT_METHOD, encodeDropRows, type GoneRow } from "./agreement-message.ts";
import type { Difference, LackedSlots, SettledSpan } from "./exchange.ts";
import {
  type AskedSpan,
  decodeRefusedCount,
  decodeSettledRows,
  EXCHANGE_METHOD,
  encodeFetchRows,
  encodeGiveRows,
  encodeSettleRows,
  HASHES_MAX,
  type MovedRow,
  ROWS_BYTES_MAX,
  rowBytes,
  type SettledRows,
} from "./exchange-message.ts";
import type { ExchangedRows, IsShared } from "./exchanged-rows.ts";
import type { ListedRow, RowSpan } from "./row-span.ts";

export interface MendingParts {
  readonly rows: ExchangedRows;
  readonly isShared: IsShared;
  readonly epoch: number;
  /** Resolves to the other replica's answer. Rejects with StoreError. */
  readonly ask: (method: number, payload: Uint8Array) => Promise<Uint8Array>;
}

const NOTHING_LEFT: SettledSpan = { pulled: 0, pushed: 0, rest: undefined };

export class Mending {
  /** Rows that one of the two would not take. */
  refused = 0;
  /** Rows that this node has forgotten and the other has: it is told. */
  gone = 0;
  readonly #parts: MendingParts;
  /** To be given next, and about how many bytes that are. */
  #gift: MovedRow[] = [];
  #giftBytes = 0;

  constructor(parts: MendingParts) {
    this.#parts = parts;
  }

  /** Resolves to what became of the first of them, or of all. Rejects with StoreError. */
  async settle(differences: readonly Difference[]): Promise<readonly SettledSpan[]> {
    const left: (AskedSpan | undefined)[] = [];
    for (const difference of differences) left.push(await this.#stillDiffering(difference));
    const asked = left.filter((each) => each !== undefined);
    const answers = asked.length === 0 ? [] : await this.#ask(asked);
    const settled: SettledSpan[] = [];
    let answered = 0;
    for (const each of left) {
      const answer = each === undefined ? undefined : answers[answered++];
      if (each !== undefined && answer === undefined) break;
      settled.push(answer === undefined ? NOTHING_LEFT : await this.#mend(each!, answer));
    }
    await this.#give();
    return settled;
  }

  /**
   * Resolves to all rows that the other one has of these slots, or the first of them, when this node has them, too; undefined
   * if it does not know how to tell.
   */
  async fetchAll({ first, last, after }: LackedSlots): Promise<SettledRows | undefined> {
    const { epoch, ask, rows, isShared } = this.#parts;
    const request = encodeFetchRows({ epoch, first, last, after });
    const answer = await ask(EXCHANGE_METHOD.fetchRows, request).catch((cause: unknown) => {
      if (!(cause instanceof StoreError) || cause.code !== "INVALID_REQUEST") throw cause;
      return undefined; // of a version that does not know this
    });
    if (answer === undefined) return undefined;
    const [fetched] = decodeSettledRows(answer);
    if (fetched === undefined) return undefined;
    const taken = await rows.take(fetched.rows, isShared);
    this.refused += taken.refused;
    await this.#tellGone(taken.gone);
    return fetched;
  }

  /** As far as this node can tell by itself. */
  async #stillDiffering({ span, ours, theirs }: Difference): Promise<AskedSpan | undefined> {
    const present = await this.#parts.rows.present(span, new Set([...ours, ...theirs]));
    const wanted = theirs.filter((hash) => !present.has(hash));
    const offered = ours.filter((hash) => present.has(hash));
    return wanted.length === 0 && offered.length === 0 ? undefined : { span, wanted, offered };
  }

  async #ask(asked: readonly AskedSpan[]): Promise<readonly SettledRows[]> {
    const { epoch, ask } = this.#parts;
    return decodeSettledRows(await ask(EXCHANGE_METHOD.settleRows, encodeSettleRows({ epoch, asked })));
  }

  async #mend({ span, wanted, offered }: AskedSpan, settled: SettledRows): Promise<SettledSpan> {
    const taken = await this.#parts.rows.take(settled.rows, this.#parts.isShared);
    this.refused += taken.refused;
    await this.#tellGone(taken.gone);
    const isOver = settled.upTo.length === 0;
    const upTo = isOver ? span.upTo : settled.upTo.slice();
    const pushed = await this.#push({ ...span, upTo }, settled);
    const rest = isOver ? undefined : { span: { ...span, after: upTo }, ours: offered, theirs: wanted };
    return { pulled: settled.rows.length, pushed, rest };
  }

  /**
   * What the other one lacks is given to it. Of a row that it has given us, that is what came of merging, if that is not what
   * it has itself.
   */
  async #push(span: RowSpan, { lacking, rows: pulled }: SettledRows): Promise<number> {
    const cells = new Map(pulled.map(({ database, key, cell }) => [nameOf(database, key), cell]));
    const isNews = ({ key, cell, hash }: ListedRow): boolean => {
      if (lacking.has(hash)) return true;
      if (cells.size === 0) return false;
      const { start, end } = keyRange(key.bytes, key.start);
      const theirs = cells.get(nameOf(databaseOfRow(key.bytes, key.start), key.bytes.subarray(start, end)));
      return theirs !== undefined && !equalBytes(theirs, cell.bytes.subarray(cell.start, cell.end));
    };
    let pushed = 0;
    for (let after = span.after; ; ) {
      const { rows, upTo } = await this.#parts.rows.pick({ ...span, after }, isNews);
      for (const row of rows) await this.#add(row);
      pushed += rows.length;
      if (upTo.length === 0) return pushed;
      after = upTo;
    }
  }

  async #tellGone(rows: readonly GoneRow[]): Promise<void> {
    if (rows.length === 0) return;
    this.gone += rows.length;
    const { epoch, ask } = this.#parts;
    await ask(AGREEMENT_METHOD.dropRows, encodeDropRows(epoch, rows));
  }

  async #add(row: MovedRow): Promise<void> {
    const bytes = rowBytes(row);
    if (this.#gift.length === HASHES_MAX || this.#giftBytes + bytes > ROWS_BYTES_MAX) await this.#give();
    this.#gift.push(row);
    this.#giftBytes += bytes;
  }

  async #give(): Promise<void> {
    const rows = this.#gift;
    if (rows.length === 0) return;
    this.#gift = [];
    this.#giftBytes = 0;
    const { epoch, ask } = this.#parts;
    this.refused += decodeRefusedCount(await ask(EXCHANGE_METHOD.giveRows, encodeGiveRows({ epoch, rows })));
  }
}

function nameOf(database: number, key: Uint8Array): string {
  return `${database}:${Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1")}`;
}
