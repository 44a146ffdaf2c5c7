/**
 * Anti-entropy of one node: compares its rows with the other replicas', one of them at a time, again and again, and answers
 * theirs. Who asks for a repair (KV.REPAIR) interrupts what runs by itself.
 *
 * Invariant: at most one exchange that this node began is under way.
 */
import { DEFAULT_EXCHANGE, type ExchangeSettings, type SlotSpan } from "../../anti-entropy/exchange.ts";
import { ExchangeDoor } from "../../anti-entropy/exchange-door.ts";
import { ExchangeDriver, type ExchangeOutcome } from "../../anti-entropy/exchange-driver.ts";
import { EXCHANGE_METHOD } from "../../anti-entropy/exchange-message.ts";
import { ExchangePace, MOVING_PACE, QUIET_PACE, URGENT_PACE } from "../../anti-entropy/exchange-pace.ts";
import { ExchangedRows, type IsShared } from "../../anti-entropy/exchanged-rows.ts";
import { slotSums } from "../../anti-entropy/slot-sums.ts";
import { StoreError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { ReceivedCells } from "../../replication/received-cells.ts";
import type { PeerCalls } from "../../replication/replica-calls.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";
import type { Clock } from "../../runtime/runtime.ts";
import type { StorageEngine } from "../../storage/storage-engine.ts";
import { cellTraits } from "../cell-rules.ts";
import { DATABASE_COUNT } from "../settings.ts";
import type { ClusterView } from "./cluster-view.ts";
import type { Collector } from "./collector.ts";
import type { Obtaining } from "./intake.ts";
import type { PeerDoor } from "./peer-door.ts";
import { type RepairRun, UrgentRun } from "./repair-run.ts";
import { addOutcome, countExchange, noTotals, type RepairTotals } from "./repair-totals.ts";
import { SharedSlots, spansOf } from "./shared-slots.ts";

export interface RepairParts {
  readonly clock: Clock;
  readonly engine: StorageEngine;
  readonly received: Pick<ReceivedCells, "merge">;
  readonly view: ClusterView;
  readonly peers: PeerCalls;
  readonly hints: { waitsFor(target: NodeId): boolean };
  readonly door: PeerDoor;
  readonly logger: Logger;
  /** At which slots come that move to this node, at most; 0 for no limit. */
  readonly moveBytesPerSecond: number;
  /** Told of a node that goes by a newer plan. */
  readonly onNewerEpoch: (from: NodeId) => void;
  /** Agrees with the others on what exchanges have shown. */
  readonly collector: Pick<Collector, "begin" | "conclude" | "tellGone">;
}

export const EVERY_SLOT: SlotSpan = { first: 0, last: SLOT_COUNT - 1 };

/** Between two exchanges of this node, or as long as one took; shorter after one that has moved something. */
const REST_MS = 10_000;
const REST_BUSY_MS = 1_000;
/** How soon to look again whether somebody can be compared with. */
const LOOK_MS = 500;
const TIMEOUT_MS = 10_000;
/** Who has got so many rows by an exchange under way, and given few, has lost rows. */
const FETCHING_ROWS = 256;
/** An exchange waits for hints to be delivered: they know what is missing. But not for ever, for some may be lost. */
const HINTS_FIRST_MS = 60_000;
/** Of slots on their way: what one of the two lacks is brought to it at once. */
const MOVING_EXCHANGE: ExchangeSettings = { ...DEFAULT_EXCHANGE, persistMs: 0, leavesLost: false };
const URGENT_EXCHANGE: ExchangeSettings = { ...DEFAULT_EXCHANGE, persistMs: 1_000, leavesLost: false };

interface Pacing {
  readonly pace: ExchangePace;
  readonly settings: ExchangeSettings;
}

export class RepairRounds {
  /** Of exchanges that are over. */
  readonly #totals: RepairTotals = noTotals();
  #driver: ExchangeDriver | undefined;
  readonly #parts: RepairParts;
  readonly #rows: ExchangedRows;
  readonly #shared: SharedSlots;
  readonly #closing = new AbortController();
  /** When the last exchange with each of the others ended, by this node's clock. */
  readonly #endedMs = new Map<NodeId, number>();
  /** Since when hints keep it from the node. */
  readonly #hintedMs = new Map<NodeId, number>();
  /** Of slots on their way to this node: one pace, since it remembers what answers take at their best. */
  readonly #movingPace: ExchangePace;
  #nextMs: number | undefined;
  /** The exchange under way that nobody has asked for. */
  #quiet: { readonly abort: AbortController; readonly end: Promise<void> } | undefined;
  #urgent: UrgentRun | undefined;

  constructor(parts: RepairParts) {
    const { clock, engine, received, view, door } = parts;
    this.#parts = parts;
    this.#shared = new SharedSlots(view);
    this.#movingPace = new ExchangePace({ ...MOVING_PACE, bytesPerSecondMax: parts.moveBytesPerSecond });
    this.#rows = new ExchangedRows({
      engine,
      traits: cellTraits,
      rowCountOf: (slot) => rowCountOf(engine, slot),
      sumsOf: slotSums(engine, cellTraits, clock),
      merge: ({ database, key, cell }) => received.merge({ database, key }, cell, clock.wallMs()),
      durable: () => engine.durable(),
      clock,
    });
    const exchangeDoor = new ExchangeDoor({
      rows: this.#rows,
      sharedWith: (id, epoch) => this.#sharedWith(id, epoch),
      onGone: (id, rows) => parts.collector.tellGone(id, rows),
    });
    door.serve(Object.values(EXCHANGE_METHOD), (method, payload, from) =>
      exchangeDoor.onRequest(method, payload, from),
    );
  }

  /** Since the start, with what the exchange under way has done so far. */
  get totals(): RepairTotals {
    if (this.#driver === undefined) return this.#totals;
    const totals = { ...this.#totals };
    addOutcome(totals, this.#driver.outcome);
    return totals;
  }

  /** The repair that was asked for last, if any. */
  get lastRun(): RepairRun | undefined {
    return this.#urgent;
  }

  /** It may be new, or have lost its disk. */
  get #isBlank(): boolean {
    const { engine } = this.#parts;
    for (let database = 0; database < DATABASE_COUNT; database++)
      if (engine.counts(database).rows > 0) return false;
    return true;
  }

  get #isAskedFor(): boolean {
    return this.#urgent !== undefined && !this.#urgent.isOver;
  }

  /** Needs to be called some times a second. */
  onTick(nowMs: number): void {
    this.#nextMs ??= nowMs + (this.#isBlank ? REST_BUSY_MS : REST_MS);
    if (this.#parts.view.topology.move !== undefined) return;
    if (this.#quiet !== undefined || this.#isAskedFor || nowMs < this.#nextMs) return;
    if (this.#reasonNotTo() !== undefined) return;
    const partner = this.#nextPartner(nowMs);
    if (partner !== undefined) this.#begin(partner);
    else this.#nextMs = nowMs + LOOK_MS;
  }

  /**
   * Begins to compare the slots `asked` with all other replicas that are up, and to mend what differs, as fast as it goes.
   * Throws StoreError OVERLOADED, with nothing done, if that is not possible now.
   */
  begin(asked: SlotSpan = EVERY_SLOT): RepairRun {
    const reason = this.#reasonNotTo();
    if (reason !== undefined) throw new StoreError("OVERLOADED", "not-applied", reason);
    if (this.#isAskedFor) throw new StoreError("OVERLOADED", "not-applied", "a repair runs already");
    const run = new UrgentRun((own) => this.#carryThrough(own, asked));
    this.#urgent = run;
    return run;
  }

  /** As `begin`. Resolves when it is over. */
  async repair(asked?: SlotSpan): Promise<RepairRun> {
    const run = this.begin(asked);
    await run.end;
    return run;
  }

  async #carryThrough(run: UrgentRun, asked: SlotSpan): Promise<void> {
    try {
      this.#quiet?.abort.abort(new StoreError("CLOSED", "not-applied", "somebody wants a repair at once"));
      await this.#quiet?.end;
      await this.#repairAll(run, asked);
    } finally {
      run.isOver = true;
    }
  }

  /**
   * Begins to bring this node and the other whatever either has of those slots, which both own by the plan. Its end rejects with
   * StoreError, some of it done, or when it is aborted.
   */
  obtain(from: NodeId, spans: readonly SlotSpan[], signal: AbortSignal): Obtaining {
    const pacing = { pace: this.#movingPace, settings: MOVING_EXCHANGE };
    const driver = this.#driverOver(from, spans, pacing, AbortSignal.any([signal, this.#closing.signal]));
    const end = this.#carryOut(driver);
    return {
      get progress() {
        return driver.progress;
      },
      get outcome() {
        return driver.outcome;
      },
      end,
    };
  }

  async #carryOut(driver: ExchangeDriver): Promise<void> {
    let isWhole = false;
    try {
      await driver.run();
      isWhole = true;
    } finally {
      addOutcome(this.#totals, driver.outcome);
      countExchange(this.#totals, isWhole);
    }
  }

  /** Resolves when nothing of it is under way. */
  async close(): Promise<void> {
    this.#closing.abort(new StoreError("CLOSED", "not-applied", "the node is closing"));
    await this.#quiet?.end;
  }

  /** Twice with who came early, if later ones had what those lack. */
  async #repairAll(run: UrgentRun, asked: SlotSpan): Promise<void> {
    const partners = this.partners().filter((id) => this.#shared.spansWith(id, asked).length > 0);
    for (const id of partners) if (!this.#parts.view.isUp(id)) run.failures.set(id, "it is down");
    const up = partners.filter((id) => this.#parts.view.isUp(id));
    const turns = up.length < 2 ? up : [...up, ...up.slice(0, -1)];
    let pulledLater = 0;
    for (const [turn, id] of turns.entries()) {
      if (turn >= up.length && pulledLater === 0) break;
      const pulled = await this.#urgentExchange(run, id, asked, up.length);
      if (turn > 0) pulledLater += pulled;
    }
  }

  /** Resolves to the rows that came. */
  async #urgentExchange(run: UrgentRun, id: NodeId, asked: SlotSpan, partnerCount: number): Promise<number> {
    const pacing = { pace: new ExchangePace(URGENT_PACE), settings: URGENT_EXCHANGE };
    const driver = this.#driverWith(id, asked, pacing, this.#closing.signal);
    this.#driver = driver;
    run.beginPart(driver, partnerCount);
    let isWhole = false;
    try {
      await this.#runAgreeing(id, driver);
      isWhole = true;
    } catch (cause) {
      if (!(cause instanceof StoreError) || this.#closing.signal.aborted) throw cause;
      run.failures.set(id, cause.message);
    } finally {
      run.endPart(isWhole);
      this.#note(id, driver.outcome, isWhole);
    }
    return driver.outcome.pulled;
  }

  #begin(partner: NodeId): void {
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, this.#closing.signal]);
    const pacing = { pace: new ExchangePace(QUIET_PACE), settings: DEFAULT_EXCHANGE };
    const end = this.#quietExchange(partner, pacing, signal).finally(() => {
      this.#quiet = undefined;
    });
    this.#quiet = { abort, end };
  }

  /** Never rejects. */
  async #quietExchange(id: NodeId, pacing: Pacing, signal: AbortSignal): Promise<void> {
    const startedMs = this.#parts.clock.monotonicMs();
    const driver = this.#driverWith(id, EVERY_SLOT, pacing, signal);
    this.#driver = driver;
    let isWhole = false;
    try {
      await this.#runAgreeing(id, driver);
      isWhole = true;
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      this.#parts.logger.debug({ node: id, reason: cause.message }, "an exchange with a replica broke off");
    }
    this.#note(id, driver.outcome, isWhole);
    const { pulled, pushed } = driver.outcome;
    const hasMoved = isWhole && pulled + pushed > 0;
    const nowMs = this.#parts.clock.monotonicMs();
    this.#nextMs = nowMs + (hasMoved ? REST_BUSY_MS : Math.max(REST_MS, nowMs - startedMs));
  }

  /** Carries an exchange through, and agrees with the other one on what it has shown to be equal. */
  async #runAgreeing(id: NodeId, driver: ExchangeDriver): Promise<void> {
    const { collector } = this.#parts;
    const shared = this.#shared.with(id);
    const begun = await collector.begin(id);
    await driver.run();
    if (begun === undefined) return;
    await collector.conclude(
      begun,
      spansOf((slot) => shared[slot] === 1 && driver.equalSlots[slot] === 1),
    );
  }

  #driverWith(id: NodeId, asked: SlotSpan, pacing: Pacing, signal: AbortSignal): ExchangeDriver {
    return this.#driverOver(id, this.#shared.spansWith(id, asked), pacing, signal);
  }

  #driverOver(
    id: NodeId,
    spans: readonly SlotSpan[],
    { pace, settings }: Pacing,
    signal: AbortSignal,
  ): ExchangeDriver {
    const { view, peers, clock } = this.#parts;
    const shared = this.#shared.with(id);
    return new ExchangeDriver(spans, {
      rows: this.#rows,
      isShared: (slot) => shared[slot] === 1,
      epoch: view.epoch,
      ask: (method, payload) => peers.call(id, method, payload, { timeoutMs: TIMEOUT_MS }),
      p99Ms: () => view.p99Ms(id),
      wayMs: () => view.wayMs(id),
      pace,
      clock,
      settings,
      signal,
    });
  }

  #note(id: NodeId, outcome: ExchangeOutcome, isWhole: boolean): void {
    this.#driver = undefined;
    addOutcome(this.#totals, outcome);
    countExchange(this.#totals, isWhole);
    this.#endedMs.set(id, this.#parts.clock.monotonicMs());
    const { pulled, pushed, refused } = outcome;
    if (pulled + pushed === 0) return;
    this.#parts.logger.info(
      { node: id, pulled, pushed, refused },
      "rows that differed from a replica's are mended",
    );
  }

  /** Whoever is up, shares slots, and was compared with the longest ago. */
  #nextPartner(nowMs: number): NodeId | undefined {
    const { view, hints } = this.#parts;
    for (const id of [...this.#hintedMs.keys()]) if (!hints.waitsFor(id)) this.#hintedMs.delete(id);
    const able = this.partners().filter((id) => {
      if (!view.isUp(id)) return false;
      if (!hints.waitsFor(id)) return true;
      if (!this.#hintedMs.has(id)) this.#hintedMs.set(id, nowMs);
      return nowMs - this.#hintedMs.get(id)! > HINTS_FIRST_MS;
    });
    const endedMs = (id: NodeId): number => this.#endedMs.get(id) ?? Number.NEGATIVE_INFINITY;
    return able.sort((a, b) => endedMs(a) - endedMs(b) || (a < b ? -1 : 1))[0];
  }

  /** Other members that keep slots which this one keeps, too. */
  partners(): NodeId[] {
    const { view } = this.#parts;
    return view.topology.members
      .map(({ id }) => id)
      .filter((id) => id !== view.self.id && this.#shared.with(id).includes(1));
  }

  #sharedWith(id: NodeId, epoch: number): IsShared {
    const { view, onNewerEpoch } = this.#parts;
    const reason = this.#reasonNotTo();
    if (reason !== undefined) throw new StoreError("OVERLOADED", "not-applied", reason);
    if (epoch !== view.epoch) {
      if (epoch > view.epoch) onNewerEpoch(id);
      const text = `this node goes by epoch ${view.epoch}, and the exchange by ${epoch}`;
      throw new StoreError("OVERLOADED", "not-applied", text);
    }
    if (this.#isFetching) {
      throw new StoreError(
        "OVERLOADED",
        "not-applied",
        "this node fetches what it lacks from another replica",
      );
    }
    const shared = this.#shared.with(id);
    return (slot) => shared[slot] === 1;
  }

  /** Whoever has lost much gets it from one of the others at a time: else all would bring the same rows at once. */
  get #isFetching(): boolean {
    if (this.#driver === undefined || this.#parts.view.topology.move !== undefined) return false;
    const { pulled, pushed } = this.#driver.outcome;
    return pulled >= FETCHING_ROWS && pulled > 4 * pushed;
  }

  #reasonNotTo(): string | undefined {
    if (this.#parts.view.topology.move !== undefined) return undefined; // slots on their way are moved by exchanges
    // What one replica has evicted the others would bring back, and evict other rows for it.
    return this.#parts.engine.statistics.evictedRows > 0
      ? "this node evicts rows, and repairs none"
      : undefined;
  }
}

/** Deletions aside. */
function rowCountOf(engine: StorageEngine, slot: number): number {
  let count = 0;
  for (let database = 0; database < DATABASE_COUNT; database++) count += engine.slotCount(slot, database);
  return count;
}
