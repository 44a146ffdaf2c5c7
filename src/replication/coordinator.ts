/**
 * Reads and writes one row at its replicas, on behalf of a client. ADR 0008 says what its answers promise.
 *
 * Invariant: a write is acknowledged only once as many machines hold it as its level asks for.
 * Invariant: "not-applied" is said only before this node has stored the write.
 * Invariant: what a read answers, as many machines hold as its level asks for: so later reads do not go back behind it.
 */
import type { Awaitable } from "../base/awaitable.ts";
import { equalBytes } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import { mapBounded } from "../base/map-bounded.ts";
import { cellDigest } from "../causality/cell-digest.ts";
import { CounterCell } from "../causality/counter-cell.ts";
import { mergeCells } from "../causality/encoded-cell.ts";
import type { NodeId } from "../ring/ring-member.ts";
import { slotOf } from "../ring/slot.ts";
import type { Clock } from "../runtime/runtime.ts";
import { addsNothing, agreed } from "./agreement.ts";
import { CoordinatorTallies } from "./coordinator-tallies.ts";
import { ABSENT_VIEW, EncodedView } from "./encoded-view.ts";
import type { LocalReplica } from "./local-replica.ts";
import { byNewestPlan } from "./newest-plan.ts";
import { type Acknowledging, type Overwrite, Overwrites } from "./overwrites.ts";
import { ownOrElsewhere } from "./own-or-elsewhere.ts";
import type { ConsistencyLevel, Participant, QuorumNeed } from "./quorum-need.ts";
import { QuorumReads } from "./quorum-reads.ts";
import { type ReadOutcome, ReadRound, type ReadTask, type RowAnswers } from "./read-round.ts";
import type { Cluster, ReplicaCalls } from "./replica-calls.ts";
import type { HintKeeper } from "./replica-door.ts";
import { type Ack, UNSYNCED } from "./replica-message.ts";
import { RoundBoard } from "./round-board.ts";
import { SettledReplicas } from "./settled-replicas.ts";
import { SlotNeeds } from "./slot-needs.ts";
import type { Effect, KeyRef, KeyView } from "./step.ts";
import { weakest } from "./weakest-receipt.ts";
import type { Receipt } from "./write-quorum.ts";
import { type SpreadTask, WriteRound } from "./write-round.ts";

export interface CoordinatorSettings {
  readonly timeoutMs: number;
  /** A replica is not called late before this. */
  readonly lateMs: number;
  /** Requests that wait for replicas. */
  readonly roundsMax: number;
}

export interface CoordinatorParts {
  readonly cluster: Cluster;
  readonly calls: ReplicaCalls;
  readonly hints: HintKeeper;
  readonly replica: LocalReplica;
  readonly clock: Pick<Clock, "monotonicMs" | "turnMs" | "wallMs">;
  /** Resolves when it has been tried to learn of a newer plan than that of the epoch. */
  readonly renewPlan?: ((epoch: number) => Promise<void>) | undefined;
  readonly settings: CoordinatorSettings;
  /** Told before each round: `onTick` is needed often until `roundCount` is 0 again. */
  readonly onBusy?: () => void;
}

export interface WriteOptions {
  readonly level: ConsistencyLevel;
  /** True if a fallback's hint counts like a replica's copy. */
  readonly isSloppy: boolean;
  /** Bring this node up to date first; undefined: what it has is good enough to write on. */
  readonly readLevel: ConsistencyLevel | undefined;
  /** True if the change may have been made already: then what is here goes to the replicas all the same. */
  readonly isRepeatable?: boolean;
}

export interface Written<R> {
  readonly reply: R;
  /** Undefined if the step changed nothing. */
  readonly receipt: Receipt | undefined;
}

export class Coordinator {
  readonly #parts: CoordinatorParts;
  readonly #rounds: RoundBoard;
  readonly #settled: SettledReplicas;
  readonly #overwrites: Overwrites;
  readonly #reads: QuorumReads;
  readonly #needs: SlotNeeds;
  readonly #byNewestPlan: <T>(attempt: () => Promise<T>) => Promise<T>;
  readonly #counter = new CounterCell();
  readonly tallies = new CoordinatorTallies();

  /** Needs `onTick` about every ten milliseconds while it has rounds, else a few times a second. */
  constructor(parts: CoordinatorParts) {
    this.#parts = parts;
    this.#needs = new SlotNeeds(parts.cluster);
    this.#byNewestPlan = (attempt) => byNewestPlan(parts, attempt);
    const { settings, onBusy = () => undefined } = parts;
    const elsewhere = (): number => this.#overwrites.size + this.#reads.size;
    this.#rounds = new RoundBoard(settings.roundsMax, elsewhere, onBusy);
    this.#settled = new SettledReplicas(parts.cluster, parts.hints);
    this.#overwrites = new Overwrites({
      ...parts,
      tallies: this.tallies,
      spread: (task) => this.#spread(task),
    });
    this.#reads = new QuorumReads(
      { ...parts, settled: this.#settled, needs: this.#needs, tallies: this.tallies },
      ({ slot, ref, level, startedMs }) => this.#agree(slot, ref, level, startedMs),
    );
  }

  onTick(nowMs: number): void {
    this.#settled.onTick(nowMs);
    this.#overwrites.onTick(nowMs);
    this.#reads.onTick(nowMs);
    this.#rounds.onTick(nowMs);
  }

  /** Requests that wait for replicas, and writes on their way to the last of them. */
  get roundCount(): number {
    return this.#rounds.size;
  }

  /** Throws or rejects with StoreError, always not applied. */
  read<R>(ref: KeyRef, level: ConsistencyLevel, step: (view: KeyView) => R): Awaitable<R> {
    const cell = this.#readCell(ref, level);
    return cell instanceof Promise ? cell.then((own) => step(this.#viewOf(own))) : step(this.#viewOf(cell));
  }

  /**
   * Runs the step here, and brings what it changes to the replicas. Rejects with StoreError, whose outcome says whether
   * the change may be there nevertheless; INVALID_REQUEST, not applied, if this node is no replica of the key (any more).
   */
  async update<R>(
    ref: KeyRef,
    { level, isSloppy, readLevel }: WriteOptions,
    step: (view: KeyView) => Effect<R>,
  ): Promise<Written<R>> {
    const { replica, clock } = this.#parts;
    const slot = slotOf(ref.key);
    this.#admit(slot, level, isSloppy);
    if (readLevel !== undefined) await this.#bringHere(ref, readLevel);
    let hasChanged = false;
    const updated = replica.update(ref, clock.wallMs(), (view) => {
      this.#needs.requireKept(slot, "not-applied"); // else the row may have been dropped meanwhile
      const effect = step(view);
      hasChanged = effect.change !== undefined;
      return effect;
    });
    const reply = updated instanceof Promise ? await updated : updated;
    if (!hasChanged) return { reply, receipt: undefined };
    return { reply, receipt: await this.#spreadOwn(ref, { slot, level, isSloppy }) };
  }

  /**
   * Hot: as `update` of a plain overwrite without a read level, whose promise is of `reply`. Undefined, with nothing done,
   * if that must do it.
   */
  overwrite<R>(
    overwrite: Overwrite,
    { level, isSloppy }: Pick<WriteOptions, "level" | "isSloppy">,
    reply: R,
  ): Promise<R> | undefined {
    const { bytes, starts, ends } = overwrite.request;
    const slot = slotOf(bytes, starts[1], ends[1]);
    const how = { slot, level, need: this.#needs.reading(slot, level), isSloppy };
    this.#rounds.requireRoom();
    return this.#overwrites.write(overwrite, how, reply, (ref) => this.#spreadOwn(ref, how));
  }

  /**
   * As `update`, of several keys of one slot, each named once: `run` changes them here, at once, unless this node keeps the slot no
   * more, and what it has changed goes to the replicas. Once it has run, a failure is unknown, also of keys that have reached theirs.
   */
  async updateAll<R>(
    refs: readonly KeyRef[],
    { level, isSloppy, readLevel, isRepeatable = false }: WriteOptions,
    run: () => Awaitable<R>,
  ): Promise<Written<R>> {
    const { calls, cluster } = this.#parts;
    const slot = slotOf(refs[0]!.key);
    this.#admit(slot, level, isSloppy);
    if (readLevel !== undefined) {
      await mapBounded(refs, ROWS_AT_ONCE, (ref) => this.#bringHere(ref, readLevel));
    }
    const before = await mapBounded(refs, ROWS_AT_ONCE, async (ref) => calls.loadOwn(ref));
    const reply = await run();
    const receipts = await mapBounded(refs, ROWS_AT_ONCE, async (ref, i) => {
      const cell = await calls.loadOwn(ref);
      const was = before[i];
      const isSame = cell !== undefined && was !== undefined && equalBytes(cell, was);
      if (cell === undefined) this.#needs.requireKept(slot, "unknown");
      if (cell === undefined || (isSame && !isRepeatable)) return undefined;
      const holders = new Map([[cluster.self.id, calls.ownAck()]]);
      return this.#spread({ slot, ref, cell, level, isSloppy, holders });
    }).catch(asUnknown);
    return { reply, receipt: weakest(receipts) };
  }

  /** Resolves when every owner of the row has what the cell says. Rejects with StoreError: some may have it then. */
  async bringToAll(ref: KeyRef, cell: Uint8Array): Promise<void> {
    this.#rounds.requireRoom();
    await this.#spread({
      slot: slotOf(ref.key),
      ref,
      cell,
      level: "all",
      isSloppy: false,
      holders: NO_HOLDERS,
    });
  }

  /** Throws StoreError, not applied, if a write surely cannot be made. */
  #admit(slot: number, level: ConsistencyLevel, isSloppy: boolean): void {
    this.#rounds.requireRoom();
    const sides = this.#needs.sides(slot, level);
    this.#needs.requireKept(slot, "not-applied");
    this.#needs.requireReachable(slot, sides, isSloppy);
  }

  #readCell(ref: KeyRef, level: ConsistencyLevel): Awaitable<Uint8Array | undefined> {
    const slot = slotOf(ref.key);
    const need = this.#needs.reading(slot, level);
    const elsewhere = () => this.#agree(slot, ref, level);
    if (this.#needs.isMetHere(need, slot)) return ownOrElsewhere(this.#parts.calls.loadOwn(ref), elsewhere);
    this.#rounds.requireRoom();
    return this.#reads.read({ ref, slot, level, need }) ?? elsewhere();
  }

  /** True if this node's own copy is all that a read at that level needs. Throws StoreError. Hot. */
  isEnough(slot: number, level: ConsistencyLevel): boolean {
    return this.#needs.isMetHere(this.#needs.reading(slot, level), slot);
  }

  /** By a newer plan if replicas say that this node's is too old. */
  async #agree(
    slot: number,
    ref: KeyRef,
    level: ConsistencyLevel,
    startedMs = this.#parts.clock.monotonicMs(),
  ): Promise<Uint8Array | undefined> {
    return await this.#byNewestPlan(() => this.#agreeOnce(slot, ref, level, startedMs));
  }

  /** Digests first; where they differ, the cells: merged, and brought to who lacks something before it is answered. */
  async #agreeOnce(
    slot: number,
    ref: KeyRef,
    level: ConsistencyLevel,
    startedMs: number,
  ): Promise<Uint8Array | undefined> {
    this.#rounds.requireRoom();
    const need = this.#needs.reading(slot, level);
    const isSettled = this.#settled.areSettled(this.#needs.replicasFor(need, slot));
    const hints = isSettled ? NO_HINTS : await this.#hintsOf(slot, ref, need);
    const first = await this.#ask(slot, ref, { need, isWhole: false, consulted: hints.elsewhere, startedMs });
    const kept = hints === NO_HINTS ? NO_CELLS : [...hints.here, ...first.hints];
    const told = agreed(first.answers);
    if (told !== undefined && addsNothing(kept, told)) return told.row?.cell;
    const { answers } = await this.#ask(slot, ref, {
      need,
      isWhole: true,
      consulted: [],
      startedMs: this.#parts.clock.monotonicMs(),
    });
    const cells = [...answers.values()].map(({ row }) => row?.cell).filter((cell) => cell !== undefined);
    if (cells.length + kept.length === 0) return undefined;
    const merged = [...cells, ...kept].reduce(mergeCells);
    this.tallies.readRepairs++;
    await this.#repair(slot, ref, { level, merged, answers });
    return merged;
  }

  async #repair(
    slot: number,
    ref: KeyRef,
    { level, merged, answers }: { level: ConsistencyLevel; merged: Uint8Array; answers: RowAnswers },
  ): Promise<void> {
    const digest = cellDigest(merged);
    const current = [...answers].filter(([, answer]) => equalBytes(answer.digest, digest));
    const holders = new Map(current.map(([id]): [NodeId, Awaitable<Ack>] => [id, HELD]));
    try {
      await this.#spread({ slot, ref, cell: merged, level, isSloppy: false, holders });
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      throw new StoreError(cause.code, "not-applied", "the read could not repair enough replicas", { cause });
    }
  }

  #viewOf(cell: Uint8Array | undefined): KeyView {
    if (cell === undefined) return ABSENT_VIEW;
    return new EncodedView(cell, 0, cell.length, this.#parts.clock.wallMs(), this.#counter);
  }

  /** What this node has already is not merged again: that would be a write to whoever watches the key. */
  async #bringHere(ref: KeyRef, level: ConsistencyLevel): Promise<void> {
    const { calls } = this.#parts;
    const cell = await this.#readCell(ref, level);
    if (cell === undefined) return;
    const own = calls.loadOwn(ref);
    const present = own instanceof Promise ? await own : own;
    if (present === undefined || !equalBytes(present, cell)) await calls.mergeOwn(ref, cell);
  }

  /** Of a row whose replicas may lack what waits for them: what this node keeps, and who else to ask. */
  async #hintsOf(
    slot: number,
    ref: KeyRef,
    need: QuorumNeed,
  ): Promise<{ here: Uint8Array[]; elsewhere: readonly Participant[] }> {
    const { cluster, hints } = this.#parts;
    const elsewhere = consulted(cluster, slot, need);
    try {
      const here = await hints.find(ref);
      return { here: here === undefined ? [] : [here], elsewhere };
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      return { here: [], elsewhere }; // as of a fallback that cannot be reached
    }
  }

  #ask(
    slot: number,
    ref: KeyRef,
    how: Pick<ReadTask, "need" | "isWhole" | "consulted" | "startedMs">,
  ): Promise<ReadOutcome> {
    const { timeoutMs, lateMs } = this.#parts.settings;
    const round = new ReadRound(this.#parts, { slot, ref, ...how, timeoutMs, lateMs });
    this.#rounds.add(round);
    round.start();
    return this.tallies.time(this.#parts.clock, how.startedMs, round.done);
  }

  /**
   * Brings what this node has to the others. What they have written meanwhile goes with it: a cell that knows more does no
   * harm. Undefined if it has expired already, or been evicted.
   */
  async #spreadOwn(
    ref: KeyRef,
    how: Pick<Acknowledging, "slot" | "level" | "isSloppy">,
  ): Promise<Receipt | undefined> {
    const { calls, cluster } = this.#parts;
    const own = calls.loadOwn(ref);
    const cell = own instanceof Promise ? await own.catch(asUnknown) : own;
    if (cell === undefined) {
      this.#needs.requireKept(how.slot, "unknown");
      return undefined;
    }
    return this.#spread({ ...how, ref, cell, holders: new Map([[cluster.self.id, calls.ownAck()]]) });
  }

  /** By a newer plan if replicas say that this node's is too old. What this node holds it does so then, too. */
  #spread(task: SpreadTask): Promise<Receipt> {
    let holders = task.holders;
    return this.#byNewestPlan(() => {
      const attempt = this.#spreadOnce({ ...task, holders });
      const own = holders.get(this.#parts.cluster.self.id);
      holders = own === undefined ? NO_HOLDERS : new Map([[this.#parts.cluster.self.id, own]]);
      return attempt;
    });
  }

  #spreadOnce(task: SpreadTask): Promise<Receipt> {
    const { timeoutMs, lateMs } = this.#parts.settings;
    const { slot, ref, cell, level, isSloppy, holders } = task;
    const startedMs = task.startedMs ?? this.#parts.clock.monotonicMs();
    const times = { startedMs, timeoutMs, lateMs };
    const sides = this.#needs.sidesOfWritten(slot, level);
    const round = new WriteRound(this.#parts, { slot, ref, cell, sides, isSloppy, holders, ...times });
    this.#rounds.add(round);
    round.start();
    return this.tallies.time(this.#parts.clock, startedMs, round.done);
  }
}

/** Keys of one request whose rounds are under way at a time. */
const ROWS_AT_ONCE = 64;

function asUnknown(cause: unknown): never {
  if (!(cause instanceof StoreError)) throw cause;
  throw new StoreError(cause.code, "unknown", cause.message, { cause });
}

/** Of each datacenter: those who stand in first are the first to have been given something. */
const CONSULTED_MAX = 4;

/** Fallbacks that may keep what counts for the need: elsewhere than in its datacenter nothing does. */
function consulted(cluster: Cluster, slot: number, need: QuorumNeed): readonly Participant[] {
  const counts = new Map<string, number>();
  const isLocal = need.length === 1 && (need[0]!.datacenter !== undefined || need[0]!.machineCount === 1);
  const place = need[0]!.datacenter ?? cluster.self.datacenter;
  return cluster.fallbacksOf(slot).filter(({ id, datacenter }) => {
    if (id === cluster.self.id || !cluster.isUp(id) || (isLocal && datacenter !== place)) return false;
    const count = counts.get(datacenter) ?? 0;
    counts.set(datacenter, count + 1);
    return count < CONSULTED_MAX;
  });
}

const NO_HOLDERS: ReadonlyMap<NodeId, Awaitable<Ack>> = new Map();
const NO_CELLS: readonly Uint8Array[] = [];
const NO_HINTS: { here: Uint8Array[]; elsewhere: readonly Participant[] } = { here: [], elsewhere: [] };

/** Of a replica that has just shown that it has the cell. */
const HELD: Ack = UNSYNCED;
