/**
 * Lets go of deletions that all owners know of (ADR 0014): agrees with the other replicas on what all have seen, after each
 * exchange, and goes through the rows of slots that this node comes first for, again and again, slowly.
 *
 * Invariant: a row goes only when a bound that covers all it says is durable here and at all other owners: then its absence
 * says the same.
 */
import type { AgreementDoorParts } from "../../anti-entropy/agreement-door.ts";
import { AgreementDoor } from "../../anti-entropy/agreement-door.ts";
import {
  AGREEMENT_METHOD,
  type Agree,
  decodeDone,
  decodeLife,
  decodeState,
  type EqualSlots,
  encodeAgree,
  encodeDropRows,
  encodeEpoch,
  type GoneRow,
  type LifeMoment,
  type MemberState,
} from "../../anti-entropy/agreement-message.ts";
import { Collection, musterOf } from "../../anti-entropy/collection.ts";
import { equalGroups } from "../../anti-entropy/equal-slots.ts";
import type { SlotSpan } from "../../anti-entropy/exchange.ts";
import { hashOfRow } from "../../anti-entropy/exchanged-rows.ts";
import type { SeenBounds } from "../../anti-entropy/seen-bounds.ts";
import { StoreError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { decodeCell } from "../../causality/cell-codec.ts";
import { descends, EMPTY_VECTOR, joinVectors, type VersionVector } from "../../causality/version-vector.ts";
import type { ReceivedCells, SeenRows } from "../../replication/received-cells.ts";
import type { PeerCalls } from "../../replication/replica-calls.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import { slotOf } from "../../ring/slot.ts";
import type { Clock } from "../../runtime/runtime.ts";
import type { StorageEngine } from "../../storage/storage-engine.ts";
import { cellTraits } from "../cell-rules.ts";
import type { BegunAgreement } from "./begun-agreement.ts";
import { CacheNames } from "./cache-names.ts";
import type { ClusterView } from "./cluster-view.ts";
import { DeletionSweep, type FoundDeletion } from "./deletion-sweep.ts";
import { MemberClocks } from "./member-clocks.ts";
import type { PeerDoor } from "./peer-door.ts";
import type { SeenFile } from "./seen-file.ts";
import { SettledStamps, type StampCount } from "./settled-stamps.ts";
import { SlotOwners } from "./slot-owners.ts";

export interface CollectorParts {
  readonly clock: Clock;
  readonly engine: StorageEngine;
  readonly received: ReceivedCells;
  readonly view: ClusterView;
  readonly peers: PeerCalls;
  readonly door: PeerDoor;
  readonly hints: { readonly statistics: { readonly count: number } };
  readonly stamps: StampCount;
  readonly seenFile: SeenFile;
  /** As the file has them. */
  readonly bounds: SeenBounds;
  /** Undefined if all rows are as durable as they ever will be, else a promise of that, whatever the policy. */
  readonly synced: () => Promise<void> | undefined;
  readonly logger: Logger;
}

const MUSTER_MS = 20_000;
const FIRST_MUSTER_MS = 3_000;
const TIMEOUT_MS = 10_000;
/** Lives that have ended and of which something is still about; more are left for later. */
const ENDED_MAX = 4_096;

export class Collector {
  /** Since the start. */
  collectedCount = 0;
  readonly clocks: MemberClocks;
  readonly #parts: CollectorParts;
  readonly #collection = new Collection();
  readonly #owners: SlotOwners;
  readonly #stamps: SettledStamps;
  readonly #sweep: DeletionSweep;
  readonly #closing = new AbortController();
  #epoch: number;
  readonly #caches: CacheNames;
  #nextMusterMs: number | undefined;
  #mustering: Promise<void> | undefined;
  #sweeping: Promise<void> | undefined;
  #ended: VersionVector = EMPTY_VECTOR;
  /** What is durable. */
  #saved: readonly VersionVector[];
  #saving: Promise<void> = Promise.resolve();

  constructor(parts: CollectorParts) {
    this.#parts = parts;
    this.#owners = new SlotOwners(parts.view);
    this.#epoch = parts.view.epoch;
    this.#caches = new CacheNames(parts.view.topology);
    this.#saved = parts.bounds.snapshot();
    this.#stamps = new SettledStamps(parts.stamps);
    this.clocks = new MemberClocks(parts.clock);
    parts.received.seen = this.#seen;
    this.#sweep = new DeletionSweep(parts);
    const agreements: AgreementDoorParts = {
      lifeFor: (_, epoch) => this.#lifeIn(epoch),
      agree: (id, agreed) => this.#onAgree(id, agreed),
      drop: (id, epoch, rows) => this.#drop(id, epoch, rows),
      state: (epoch) => this.#stateIn(epoch),
    };
    const door = new AgreementDoor(agreements);
    parts.door.serve(Object.values(AGREEMENT_METHOD), (method, payload, from) =>
      door.onRequest(method, payload, from),
    );
  }

  /** Whoever evicts rows does not know what it has seen. */
  get #isWhole(): boolean {
    return this.#parts.engine.statistics.evictedRows === 0;
  }

  get #seen(): SeenRows {
    const { bounds, view } = this.#parts;
    const isWhole = (): boolean => {
      if (view.epoch !== this.#epoch) this.#onEpoch(); // before the next tick, bounds may say too much
      return this.#isWhole;
    };
    return {
      get highest() {
        return isWhole() ? bounds.highest : EMPTY_VECTOR;
      },
      of: (slot) => (isWhole() ? bounds.of(slot) : EMPTY_VECTOR),
    };
  }

  /** Needs to be called some times a second, and whenever the plan has changed, before rows of lost slots are dropped. */
  onTick(nowMs: number): void {
    const { view } = this.#parts;
    this.#stamps.onTick(nowMs);
    if (view.epoch !== this.#epoch) this.#onEpoch();
    if (view.topology.move !== undefined || !this.#isWhole) return;
    this.#nextMusterMs ??= nowMs + FIRST_MUSTER_MS;
    if (this.#mustering === undefined && nowMs >= this.#nextMusterMs) {
      this.#nextMusterMs = nowMs + MUSTER_MS;
      this.#mustering = this.#muster().finally(() => {
        this.#mustering = undefined;
      });
    }
    this.#sweeping ??= this.#collectRound().finally(() => {
      this.#sweeping = undefined;
    });
  }

  /** Resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#closing.abort(new StoreError("CLOSED", "not-applied", "the node is closing"));
    await Promise.all([this.#mustering, this.#sweeping]);
    await this.#saving;
  }

  /** To be asked before an exchange. Undefined if the other one takes no part. Never rejects. */
  async begin(id: NodeId): Promise<BegunAgreement | undefined> {
    const { view, clock, bounds } = this.#parts;
    const { epoch } = view;
    const sinceMs = clock.monotonicMs();
    const seen = bounds.snapshot();
    const answer = await this.#ask(id, AGREEMENT_METHOD.tellLife, encodeEpoch(epoch));
    if (answer === undefined || !this.#isWhole) return undefined;
    return { id, epoch, sinceMs, seen, moment: decodeLife(answer) };
  }

  /** Those slots were found equal in the exchange that began then. Never rejects. */
  async conclude(
    { id, epoch, sinceMs, seen, moment }: BegunAgreement,
    slots: readonly SlotSpan[],
  ): Promise<void> {
    const { view } = this.#parts;
    if (slots.length === 0) return;
    const groups = equalGroups(slots, seen);
    const answer = await this.#ask(id, AGREEMENT_METHOD.agree, encodeAgree({ epoch, ...moment, groups }));
    if (answer === undefined || decodeDone(answer) !== 1 || view.epoch !== epoch) return;
    for (const group of groups) this.#collection.onEqual(id, group.spans, { sinceMs, seen: group.seen });
    await this.#raise(slots);
  }

  /** Tells the other one that it has what was forgotten here. */
  tellGone(id: NodeId, rows: readonly GoneRow[]): void {
    void this.#ask(id, AGREEMENT_METHOD.dropRows, encodeDropRows(this.#parts.view.epoch, rows));
  }

  /** True if this node and all other owners are known to take the deletion's absence for as much. */
  mayCollect({ slot, context, markedMs }: FoundDeletion): boolean {
    const others = this.#owners.othersOf(slot);
    if (!descends(this.#saved[slot]!, context)) return false;
    return this.#collection.mayCollect(slot, others, { markedMs, context });
  }

  #onEpoch(): void {
    const { view, bounds } = this.#parts;
    this.#epoch = view.epoch;
    this.#collection.forget();
    const areFewer = this.#caches.renew(view.topology);
    bounds.drop((slot) => !areFewer && view.owns(view.self.id, slot));
    if (areFewer) this.#saved = bounds.snapshot();
    void this.#save();
  }

  /** Raises bounds by what the other one has told, and by what follows from it. Resolves to whether that is durable. */
  async #raise(slots: readonly SlotSpan[], told: readonly EqualSlots[] = []): Promise<boolean> {
    const { bounds } = this.#parts;
    let hasRisen = false;
    const raise = ({ spans, seen }: EqualSlots): void => {
      if (bounds.raise(spans, seen)) hasRisen = true;
    };
    told.forEach(raise);
    this.#collection.newlySeen(this.#owners.within(slots)).forEach(raise);
    if (hasRisen) return await this.#save();
    await this.#saving;
    return true;
  }

  /** Resolves to whether the bounds of now are durable, and the rows they speak of. */
  async #save(): Promise<boolean> {
    const { bounds, synced, seenFile, logger } = this.#parts;
    const [saved, bytes, epoch] = [bounds.snapshot(), bounds.encode(), this.#epoch];
    let isDone = false;
    const before = this.#saving;
    this.#saving = (async () => {
      await before;
      try {
        await synced();
        await seenFile.save(epoch, bytes);
        if (epoch === this.#epoch) this.#saved = saved;
        isDone = true;
      } catch (cause) {
        if (!(cause instanceof StoreError)) throw cause;
        logger.debug({ cause }, "what this node has seen could not be saved");
      }
    })();
    await this.#saving;
    return isDone;
  }

  /** Asks all members how far they are. Never rejects. */
  async #muster(): Promise<void> {
    const { view, clock } = this.#parts;
    const { epoch } = view;
    const atMs = clock.monotonicMs();
    const ended = this.#ended;
    const others = view.topology.members.map(({ id }) => id).filter((id) => id !== view.self.id);
    const states = await Promise.all(
      others.map(async (id) => {
        const answer = await this.#ask(id, AGREEMENT_METHOD.tellState, encodeEpoch(epoch));
        if (answer === undefined) return undefined;
        const state = decodeState(answer);
        this.clocks.onTold(id, state.wallMs);
        return state;
      }),
    );
    this.clocks.onMembers([view.self.id, ...others]);
    const told = states.filter((state) => state !== undefined);
    if (told.length < others.length || view.epoch !== epoch || view.topology.move !== undefined) return;
    const all = [this.#stateIn(epoch), ...told];
    const lives = new Set(all.flatMap(({ life }) => [life, life ^ RELAY_BIT]));
    const muster = musterOf(
      atMs,
      all,
      ended.filter(({ actor }) => !lives.has(actor)),
    );
    if (muster !== undefined) this.#collection.onMuster(muster);
  }

  async #ask(id: NodeId, method: number, payload: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      return await this.#parts.peers.call(id, method, payload, { timeoutMs: TIMEOUT_MS });
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      return undefined;
    }
  }

  #requireEpoch(epoch: number): void {
    const { view } = this.#parts;
    if (epoch !== view.epoch) throw refused(`this node goes by epoch ${view.epoch}, not by ${epoch}`);
    if (!this.#isWhole) throw refused("this node evicts rows");
  }

  #lifeIn(epoch: number): LifeMoment {
    this.#requireEpoch(epoch);
    const { stamps, clock } = this.#parts;
    return { life: stamps.actor, atMs: Math.floor(clock.monotonicMs()) };
  }

  #stateIn(epoch: number): MemberState {
    this.#requireEpoch(epoch);
    const { stamps, clock } = this.#parts;
    return {
      life: stamps.actor,
      settled: this.#stamps.at(clock.monotonicMs()),
      isEmptyHanded: this.#isEmptyHanded(),
      wallMs: Math.max(0, Math.floor(clock.wallMs())),
    };
  }

  #isEmptyHanded(): boolean {
    const { hints, engine } = this.#parts;
    if (hints.statistics.count > 0) return false;
    for (let database = 0; database < DATABASES; database++) {
      if (engine.counts(database).rows === 0) continue;
      for (const slot of this.#owners.foreignSlots) if (engine.slotCount(slot, database) > 0) return false;
    }
    return true;
  }

  async #onAgree(id: NodeId, { epoch, life, atMs, groups }: Agree): Promise<boolean> {
    this.#requireEpoch(epoch);
    const { stamps } = this.#parts;
    if (life !== stamps.actor) return false; // rows may have been lost since
    const told = groups.map(({ spans, seen }) => ({ seen, spans: this.#owners.sharedWith(id, spans) }));
    const slots = told.flatMap(({ spans }) => spans);
    if (!this.#owners.keepsAll(slots)) return false;
    for (const { spans, seen } of told) this.#collection.onEqual(id, spans, { sinceMs: atMs, seen });
    return await this.#raise(slots, told);
  }

  /** Rows that all owners have let go of, as one of them says. */
  async #drop(id: NodeId, epoch: number, rows: readonly GoneRow[]): Promise<number> {
    this.#requireEpoch(epoch);
    const { received, engine, stamps, logger, view } = this.#parts;
    let dropped = 0;
    for (const { database, key, hash } of rows) {
      const slot = slotOf(key, 0, key.length);
      if (!view.owns(view.self.id, slot) || !view.owns(id, slot)) continue;
      const cell = await received.load({ database, key });
      if (cell === undefined || hashOfRow({ database, key, cell }, cellTraits) !== hash) continue;
      if (decodeCell(cell).siblings.some(({ dot }) => dot.actor === stamps.actor)) {
        logger.error({ node: id, slot }, "a node says that a live row of this node's was deleted: it stays");
        continue;
      }
      if (await received.forget({ database, key }, cell)) dropped++;
    }
    await engine.durable();
    return dropped;
  }

  /** Goes through all rows once. Never rejects. */
  async #collectRound(): Promise<void> {
    const { view, logger } = this.#parts;
    const { epoch } = view;
    const { signal } = this.#closing;
    try {
      await this.#sweep.round({
        isOver: () => signal.aborted || view.epoch !== epoch,
        signal,
        leads: (slot) => view.replicasOf(slot)[0]?.id === view.self.id,
        onUncovered: (context) => {
          this.#ended = joinVectors(this.#ended, context).slice(0, ENDED_MAX);
        },
        mayCollect: (found) => this.mayCollect(found),
        collect: (rows) => this.#collect(rows, epoch),
      });
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      if (!signal.aborted) logger.debug({ cause }, "deletions stay for now");
    }
  }

  /** Drops them here and at the other owners. Whoever does not hear of it is told by exchanges. */
  async #collect(rows: readonly FoundDeletion[], epoch: number): Promise<void> {
    const { received, engine } = this.#parts;
    const gone = new Map<NodeId, GoneRow[]>();
    for (const { slot, database, key, cell, hash } of rows) {
      if (!(await received.forget({ database, key }, cell))) continue;
      this.collectedCount++;
      for (const id of this.#owners.othersOf(slot)) {
        if (!gone.has(id)) gone.set(id, []);
        gone.get(id)!.push({ database, key, hash });
      }
    }
    await engine.durable();
    await Promise.all(
      [...gone].map(([id, told]) => this.#ask(id, AGREEMENT_METHOD.dropRows, encodeDropRows(epoch, told))),
    );
  }
}

/** Of the actor that stamps what others make: see Stamper. */
const RELAY_BIT = 2n ** 63n;
const DATABASES = 16;

function refused(text: string): StoreError {
  return new StoreError("OVERLOADED", "not-applied", text);
}
