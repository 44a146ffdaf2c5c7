/**
 * Brings one node the hints that wait for it, in order, some at a time; what is not acknowledged stays, and is sent
 * again. If the node is no member any more, its heirs get them: those who keep the rows now.
 *
 * Invariant: a hint is given up only once the node has acknowledged it, it is overdue, or the node has refused it, as
 * nothing it could ever take, again and again.
 */
import { StoreError } from "../../base/errors.ts";
import { mergeCells } from "../../causality/encoded-cell.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import type { Clock } from "../../runtime/runtime.ts";
import type { Cluster, PeerCalls } from "../replica-calls.ts";
import { decodeAck, encodeWriteCell, REPLICA_METHOD } from "../replica-message.ts";
import type { KeyRef } from "../step.ts";
import { DeliveryPace, type PaceSettings } from "./delivery-pace.ts";
import type { FoundHint } from "./hint-format.ts";
import type { HintLog } from "./hint-log.ts";
import type { HintStore } from "./hint-store.ts";

export interface CourierParts {
  readonly store: HintStore;
  readonly cluster: Pick<Cluster, "epoch" | "isUp" | "p99Ms">;
  readonly peers: PeerCalls;
  readonly clock: Pick<Clock, "monotonicMs" | "wallMs">;
  /** Undefined where nobody leaves. */
  readonly heirs?: Heirs | undefined;
  readonly settings: DeliverySettings;
}

export interface Heirs {
  /** True if the node is no member of the cluster, and never will be again. */
  hasLeft(id: NodeId): boolean;
  /** Resolves when all who keep the row now have what the cell says. Rejects with StoreError. */
  give(ref: KeyRef, cell: Uint8Array): Promise<void>;
}

export interface DeliverySettings {
  readonly timeoutMs: number;
  /** Of those sent together; one may be longer. */
  readonly batchBytesMax: number;
  /** After so many refusals a hint that stands in the way of all others is given up. */
  readonly refusalsMax: number;
  readonly pace: PaceSettings;
}

type Verdict = "delivered" | "overdue" | "overloaded" | "refused" | "failed";

export class HintCourier {
  readonly #log: HintLog;
  readonly #parts: CourierParts;
  readonly #pace: DeliveryPace;
  #nextMs = 0;
  #isBusy = false;
  #refusals = 0;

  constructor(log: HintLog, parts: CourierParts) {
    this.#log = log;
    this.#parts = parts;
    this.#pace = new DeliveryPace(parts.settings.pace);
  }

  onTick(nowMs: number): void {
    if (this.#isBusy || nowMs < this.#nextMs || this.#log.count === 0) return;
    this.#isBusy = true;
    void this.#round(nowMs).finally(() => {
      this.#isBusy = false;
    });
  }

  /** Never rejects. */
  async #round(startedMs: number): Promise<void> {
    const { cluster, clock } = this.#parts;
    let pauseMs = IDLE_MS;
    try {
      await this.#dropOverdue();
      if (cluster.isUp(this.#log.target) || this.#hasLeft) pauseMs = await this.#deliver(startedMs);
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      pauseMs = this.#pace.onFailure(); // this node's disk ails: the hints stay where they are
    }
    this.#nextMs = clock.monotonicMs() + pauseMs;
  }

  async #dropOverdue(): Promise<void> {
    const { store } = this.#parts;
    if ((this.#log.oldestMs ?? Number.POSITIVE_INFINITY) >= this.#overdueMs) return;
    store.overdueCount += await this.#log.dropOlder(this.#overdueMs);
  }

  /** Resolves to the time to wait before the next. */
  async #deliver(startedMs: number): Promise<number> {
    const { store, cluster, clock, settings } = this.#parts;
    const limits = { countMax: this.#pace.window, bytesMax: settings.batchBytesMax };
    const hints = await this.#log.peek(limits);
    if (hints.length === 0) return 0;
    const verdicts = await this.#sendAll(hints);
    const stuckAt = verdicts.findIndex((verdict) => verdict !== "delivered" && verdict !== "overdue");
    const passedCount = stuckAt === -1 ? hints.length : stuckAt;
    await this.#log.advance(hints.slice(0, passedCount));
    for (const verdict of verdicts.slice(0, passedCount)) {
      if (verdict === "delivered") store.deliveredCount++;
      else store.overdueCount++;
    }
    if (passedCount > 0) this.#refusals = 0;
    if (stuckAt !== -1) return this.#onStuck(verdicts[stuckAt]!, hints[stuckAt]!);
    const tookMs = clock.monotonicMs() - startedMs;
    return this.#pace.onDelivered({ tookMs, p99Ms: cluster.p99Ms(this.#log.target) });
  }

  async #onStuck(verdict: Verdict, found: FoundHint): Promise<number> {
    if (verdict === "overloaded") return this.#pace.onOverloaded();
    if (verdict === "refused" && ++this.#refusals >= this.#parts.settings.refusalsMax) {
      this.#refusals = 0;
      this.#parts.store.givenUpCount++;
      await this.#log.advance([found]);
    }
    return this.#pace.onFailure();
  }

  /** Hints of one row leave as one cell: whoever wrote it again and again has left many. */
  #sendAll(hints: readonly FoundHint[]): Promise<readonly Verdict[]> {
    const cells = new Map<string, { readonly ref: KeyRef; cell: Uint8Array }>();
    const names = hints.map(({ hint: { addedMs, ref, cell } }) => {
      if (addedMs < this.#overdueMs) return undefined;
      const name = `${ref.database}:${Buffer.from(ref.key).toString("latin1")}`;
      const present = cells.get(name);
      if (present === undefined) cells.set(name, { ref, cell });
      else present.cell = mergeCells(present.cell, cell);
      return name;
    });
    const sent = new Map<string, Promise<Verdict>>();
    for (const [name, { ref, cell }] of cells) sent.set(name, this.#send(ref, cell));
    return Promise.all(names.map((name) => (name === undefined ? "overdue" : sent.get(name)!)));
  }

  async #send(ref: KeyRef, cell: Uint8Array): Promise<Verdict> {
    const { cluster, peers, settings, heirs } = this.#parts;
    try {
      if (this.#hasLeft) {
        await heirs!.give(ref, cell);
        return "delivered";
      }
      const payload = encodeWriteCell({ epoch: cluster.epoch, ref, cell, hintFor: undefined });
      const { timeoutMs } = settings;
      decodeAck(await peers.call(this.#log.target, REPLICA_METHOD.writeCell, payload, { timeoutMs }));
      return "delivered";
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      if (cause.code === "OVERLOADED") return "overloaded";
      return cause.code === "INVALID_REQUEST" || cause.code === "CORRUPTION" ? "refused" : "failed";
    }
  }

  get #hasLeft(): boolean {
    return this.#parts.heirs?.hasLeft(this.#log.target) === true;
  }

  get #overdueMs(): number {
    return this.#parts.clock.wallMs() - this.#parts.store.settings.ageMaxMs;
  }
}

/** How often to look whether a node that is down is up again, and whether its hints are overdue. */
const IDLE_MS = 100;
