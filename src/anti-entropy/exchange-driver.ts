/**
 * Carries one exchange through: asks the other replica what the exchange wants to see, and moves what it has found to be
 * amiss, both ways. One question is under way at a time.
 */
import { compareBytes } from "../base/bytes.ts";
import type { Clock } from "../runtime/runtime.ts";
import {
  Exchange,
  type ExchangeSettings,
  type ExchangeTotals,
  type LackedSlots,
  type ListedSpan,
  type SlotSpan,
} from "./exchange.ts";
import {
  decodeComparedSums,
  decodeListedHashes,
  EXCHANGE_METHOD,
  encodeCompareSums,
  encodeListRows,
  type ListedHashes,
} from "./exchange-message.ts";
import type { ExchangePace } from "./exchange-pace.ts";
import type { ExchangedRows, IsShared, RowPage } from "./exchanged-rows.ts";
import { Mending } from "./mending.ts";
import type { RowSpan } from "./row-span.ts";
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
  /** What the way there and back takes at least; 0 if nothing is known. */
  readonly wayMs?: () => number;
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
  /** Rows that one of the two would not take: damaged. */
  refused: number;
  /** Rows that the other one has and this one has forgotten, as all have agreed: it is told. */
  gone: number;
}

/** Where a question that finds nothing takes no longer, the next one is about twice as many strides. */
const EASY_MS = 2;

export class ExchangeDriver {
  readonly #parts: ExchangeDriverParts;
  #strideCount = 1;
  readonly #exchange: Exchange;
  #bytesSent = 0;
  #bytesReceived = 0;
  readonly #mending: Mending;

  constructor(spans: readonly SlotSpan[], parts: ExchangeDriverParts) {
    this.#parts = parts;
    this.#mending = new Mending({ ...parts, ask: (method, payload) => this.#ask(method, payload) });
    this.#exchange = new Exchange(spans, parts.settings, (slot) => parts.rows.isSparse(slot));
  }

  /** Grows while it runs. */
  get outcome(): ExchangeOutcome {
    const { totals } = this.#exchange;
    const bytes = { bytesSent: this.#bytesSent, bytesReceived: this.#bytesReceived };
    const { refused, gone } = this.#mending;
    return { ...totals, ...bytes, refused, gone };
  }

  /** By slot: 1 if sums of a moment since it began to run were equal. */
  get equalSlots(): Uint8Array {
    return this.#exchange.equalSlots;
  }

  get progress(): number {
    return this.#exchange.progress;
  }

  /** Resolves when all is looked at, and mended. Rejects with StoreError, some of it done, or when it is aborted. */
  async run(): Promise<void> {
    const { clock, pace, p99Ms, wayMs, signal } = this.#parts;
    for (;;) {
      signal.throwIfAborted();
      const startedMs = clock.monotonicMs();
      const before = this.#bytesSent + this.#bytesReceived;
      const look = this.#exchange.next(startedMs, this.#strideCount);
      if (look.kind === "done") return;
      if (look.kind === "wait") {
        await clock.sleep(look.untilMs - startedMs, signal);
        continue;
      }
      let isMending = look.kind !== "compare";
      if (look.kind === "compare") isMending = await this.#compare(look.nodes);
      else if (look.kind === "list") await this.#list(look.spans);
      else if (look.kind === "fetch") await this.#fetchAll(look.slots);
      else this.#exchange.onSettled(await this.#mending.settle(look.differences));
      const tookMs = clock.monotonicMs() - startedMs;
      const bytes = this.#bytesSent + this.#bytesReceived - before;
      const step = { tookMs, p99Ms: p99Ms(), wayMs: wayMs?.() ?? 0, bytes, isMending };
      this.#strideCount = isMending || tookMs - step.wayMs > EASY_MS ? 1 : 2 * this.#strideCount;
      const restMs = pace.onStep(step);
      if (restMs > 0) await clock.sleep(restMs, signal);
    }
  }

  /** Resolves to whether this node lacks much. */
  async #compare(nodes: readonly TreeNode[]): Promise<boolean> {
    const { rows, isShared, epoch } = this.#parts;
    const ours: NodeSums[] = [];
    for (const node of nodes) {
      const sums = rows.sums(node, isShared);
      ours.push(sums instanceof Promise ? await sums : sums);
    }
    const asked = nodes.map((node, i) => ({ ...node, sum: ours[i]!.sum }));
    const answer = await this.#ask(EXCHANGE_METHOD.compareSums, encodeCompareSums({ epoch, nodes: asked }));
    const theirs = decodeComparedSums(answer, nodes);
    this.#exchange.onCompared(nodes, ours, theirs, this.#parts.clock.monotonicMs());
    return theirs.some((sums, i) => sums !== undefined && ours[i]!.sum.low === 0 && ours[i]!.sum.high === 0);
  }

  async #fetchAll(slots: LackedSlots): Promise<void> {
    const { rows, isShared } = this.#parts;
    if (slots.after.length === 0 && (await rows.hasAny(slots, isShared)))
      return this.#exchange.onNotFetched();
    const fetched = await this.#mending.fetchAll(slots);
    if (fetched === undefined) this.#exchange.onNotFetched(true);
    else this.#exchange.onFetched(fetched.rows.length, fetched.upTo.slice());
  }

  async #list(spans: readonly RowSpan[]): Promise<void> {
    const { rows, epoch, clock } = this.#parts;
    const pages: RowPage[] = [];
    for (const span of spans) pages.push(await rows.page(span));
    const asked = spans.map((span, i) => ({ ...span, upTo: pages[i]!.upTo }));
    const request = encodeListRows({ epoch, spans: asked });
    const answers = decodeListedHashes(await this.#ask(EXCHANGE_METHOD.listRows, request));
    const listed = answers.slice(0, spans.length).map((theirs, i) => together(pages[i]!, theirs));
    this.#exchange.onListed(spans, listed, clock.monotonicMs());
  }

  async #ask(method: number, payload: Uint8Array): Promise<Uint8Array> {
    this.#bytesSent += payload.length;
    const answer = await this.#parts.ask(method, payload);
    this.#bytesReceived += answer.length;
    return answer;
  }
}

/** As far as both pages go. */
function together(own: RowPage, theirs: ListedHashes): ListedSpan {
  const upTo = theirs.upTo.length > 0 ? theirs.upTo.slice() : own.upTo;
  const end = own.keys.findLastIndex((key) => upTo.length === 0 || compareBytes(key, upTo) <= 0) + 1;
  return { ours: own.hashes.slice(0, end), theirs: theirs.hashes, upTo };
}
