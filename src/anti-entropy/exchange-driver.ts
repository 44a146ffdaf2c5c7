/**
 * Carries one exchange through: asks the other replica what the exchange wants to see, and moves what it has found to be
 * amiss, both ways. One question is under way at a time.
 */
import { compareBytes, equalBytes } from "../base/bytes.ts";
import type { Clock } from "../runtime/runtime.ts";
import { databaseOfRow, keyRange } from "../storage/row-key.ts";
import {
  type Difference,
  Exchange,
  type ExchangeSettings,
  type ExchangeTotals,
  type SettledSpan,
  type SlotSpan,
} from "./exchange.ts";
import {
  decodeComparedSums,
  decodeListedHashes,
  decodeRefusedCount,
  decodeSettledRows,
  EXCHANGE_METHOD,
  encodeCompareSums,
  encodeGiveRows,
  encodeListRows,
  encodeSettleRows,
  type MovedRow,
  type SettledRows,
} from "./exchange-message.ts";
import type { ExchangePace } from "./exchange-pace.ts";
import type { ExchangedRows, IsShared } from "./exchanged-rows.ts";
import type { ListedRow, RowSpan } from "./row-span.ts";
import type { NodeSums, TreeNode } from "./slot-tree.ts";

export interface ExchangeDriverParts {
  readonly rows: ExchangedRows;
  /** By the topology of `epoch`. */
  readonly isShared: IsShared;
  readonly epoch: number;
  /** Resolves to the other replica's answer. Rejects with StoreError. */
  readonly ask: (method: number, payload: Uint8Array) => Promise<Uint8Array>;
  /** Of the other replica's answers to anybody here. */
  readonly p99Ms: () => number;
  readonly pace: ExchangePace;
  readonly clock: Pick<Clock, "monotonicMs" | "sleep">;
  readonly settings: ExchangeSettings;
  /** Aborted: end, and reject with the reason. */
  readonly signal: AbortSignal;
}

/** What an exchange came to. */
export interface ExchangeOutcome extends ExchangeTotals {
  /** Of questions and answers, without what frames add. */
  bytesSent: number;
  bytesReceived: number;
  /** Rows that one of the two would not take: damaged, or of a clock far ahead. */
  refused: number;
}

export class ExchangeDriver {
  readonly #parts: ExchangeDriverParts;
  readonly #exchange: Exchange;
  #bytesSent = 0;
  #bytesReceived = 0;
  #refused = 0;

  constructor(spans: readonly SlotSpan[], parts: ExchangeDriverParts) {
    this.#parts = parts;
    this.#exchange = new Exchange(spans, parts.settings);
  }

  /** Grows while it runs. */
  get outcome(): ExchangeOutcome {
    const { totals } = this.#exchange;
    const bytes = { bytesSent: this.#bytesSent, bytesReceived: this.#bytesReceived };
    return { ...totals, ...bytes, refused: this.#refused };
  }

  get progress(): number {
    return this.#exchange.progress;
  }

  /** Resolves when all is looked at, and mended. Rejects with StoreError, some of it done, or when it is aborted. */
  async run(): Promise<void> {
    const { clock, pace, p99Ms, signal } = this.#parts;
    for (;;) {
      signal.throwIfAborted();
      const startedMs = clock.monotonicMs();
      const look = this.#exchange.next(startedMs);
      if (look.kind === "done") return;
      if (look.kind === "wait") {
        await clock.sleep(look.untilMs - startedMs, signal);
        continue;
      }
      if (look.kind === "compare") await this.#compare(look.nodes);
      else if (look.kind === "list") await this.#list(look.span);
      else this.#exchange.onSettled(await this.#settle(look.difference));
      const restMs = pace.onStep({ tookMs: clock.monotonicMs() - startedMs, p99Ms: p99Ms() });
      if (restMs > 0) await clock.sleep(restMs, signal);
    }
  }

  async #compare(nodes: readonly TreeNode[]): Promise<void> {
    const { rows, isShared, epoch } = this.#parts;
    const ours: NodeSums[] = [];
    for (const node of nodes) {
      const sums = rows.sums(node, isShared);
      ours.push(sums instanceof Promise ? await sums : sums);
    }
    const asked = nodes.map((node, i) => ({ ...node, sum: ours[i]!.sum }));
    const answer = await this.#ask(EXCHANGE_METHOD.compareSums, encodeCompareSums({ epoch, nodes: asked }));
    this.#exchange.onCompared(nodes, ours, decodeComparedSums(answer, nodes));
  }

  async #list(span: RowSpan): Promise<void> {
    const { rows, epoch, clock } = this.#parts;
    const own = await rows.page(span);
    const asked = { ...span, upTo: own.upTo };
    const answer = await this.#ask(EXCHANGE_METHOD.listRows, encodeListRows({ epoch, span: asked }));
    const theirs = decodeListedHashes(answer);
    const upTo = theirs.upTo.length > 0 ? theirs.upTo.slice() : own.upTo;
    const count =
      upTo.length === 0 ? own.keys.length : own.keys.findLastIndex((key) => compareBytes(key, upTo) <= 0) + 1;
    const ours = own.hashes.slice(0, count);
    this.#exchange.onListed(span, { ours, theirs: theirs.hashes, upTo }, clock.monotonicMs());
  }

  /** The second look. Rows that changed here since the first are left alone, and so are those that changed there. */
  async #settle({ span, ours, theirs }: Difference): Promise<SettledSpan> {
    const { rows, epoch, isShared } = this.#parts;
    const present = await rows.present(span, new Set([...ours, ...theirs]));
    const wanted = theirs.filter((hash) => !present.has(hash));
    const offered = ours.filter((hash) => present.has(hash));
    if (wanted.length === 0 && offered.length === 0) return NOTHING_LEFT;
    const request = encodeSettleRows({ epoch, span, wanted, offered });
    const settled = decodeSettledRows(await this.#ask(EXCHANGE_METHOD.settleRows, request));
    this.#refused += await rows.take(settled.rows, isShared);
    const upTo = settled.upTo.length > 0 ? settled.upTo.slice() : span.upTo;
    const pushed = await this.#push({ ...span, upTo }, settled);
    const isOver = settled.upTo.length === 0;
    const rest = isOver ? undefined : { span: { ...span, after: upTo }, ours: offered, theirs: wanted };
    return { pulled: settled.rows.length, pushed, rest };
  }

  /**
   * Gives the other one what it lacks. Of a row that it has given us, that is what came of merging, if that is not what it
   * has itself.
   */
  async #push(span: RowSpan, { lacking, rows: pulled }: SettledRows): Promise<number> {
    const cells = new Map(pulled.map(({ database, key, cell }) => [nameOf(database, key), cell]));
    const isNews = ({ key, cell, hash }: ListedRow): boolean => {
      if (lacking.has(hash)) return true;
      if (cells.size === 0) return false;
      const name = keyRange(key.bytes, key.start);
      const theirs = cells.get(
        nameOf(databaseOfRow(key.bytes, key.start), key.bytes.subarray(name.start, name.end)),
      );
      return theirs !== undefined && !equalBytes(theirs, cell.bytes.subarray(cell.start, cell.end));
    };
    let pushed = 0;
    for (let after = span.after; ; ) {
      const { rows, upTo } = await this.#parts.rows.pick({ ...span, after }, isNews);
      await this.#give(rows);
      pushed += rows.length;
      if (upTo.length === 0) return pushed;
      after = upTo;
    }
  }

  async #give(rows: readonly MovedRow[]): Promise<void> {
    if (rows.length === 0) return;
    const answer = await this.#ask(
      EXCHANGE_METHOD.giveRows,
      encodeGiveRows({ epoch: this.#parts.epoch, rows }),
    );
    this.#refused += decodeRefusedCount(answer);
  }

  async #ask(method: number, payload: Uint8Array): Promise<Uint8Array> {
    this.#bytesSent += payload.length;
    const answer = await this.#parts.ask(method, payload);
    this.#bytesReceived += answer.length;
    return answer;
  }
}

function nameOf(database: number, key: Uint8Array): string {
  return `${database}:${Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1")}`;
}

const NOTHING_LEFT: SettledSpan = { pulled: 0, pushed: 0, rest: undefined };
