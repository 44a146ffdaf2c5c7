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
import { ABSENT_VIEW, EncodedView } from "./encoded-view.ts";
import type { LocalReplica } from "./local-replica.ts";
import { type Acknowledging, type Overwrite, Overwrites } from "./overwrites.ts";
import {
  type ConsistencyLevel,
  missingMachines,
  type Participant,
  type QuorumNeed,
  quorumNeed,
} from "./quorum-need.ts";
import { type ReadOutcome, ReadRound, type ReadTask, type RowAnswers } from "./read-round.ts";
import type { Cluster, ReplicaCalls, RowAnswer } from "./replica-calls.ts";
import type { HintKeeper } from "./replica-door.ts";
import { type Ack, UNSYNCED } from "./replica-message.ts";
import { RoundBoard } from "./round-board.ts";
import { SettledReplicas } from "./settled-replicas.ts";
import type { Effect, KeyRef, KeyView } from "./step.ts";
import type { Receipt } from "./write-quorum.ts";
import { WriteRound } from "./write-round.ts";

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
  readonly clock: Pick<Clock, "monotonicMs" | "wallMs">;
  readonly settings: CoordinatorSettings;
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
  readonly #needs = new WeakMap<readonly Participant[], Map<ConsistencyLevel, QuorumNeed>>();
  readonly #counter = new CounterCell();

  /** Needs `onTick` about every ten milliseconds. */
  constructor(parts: CoordinatorParts) {
    this.#parts = parts;
    this.#rounds = new RoundBoard(parts.settings.roundsMax);
    this.#settled = new SettledReplicas(parts.cluster, parts.hints);
    this.#overwrites = new Overwrites({ ...parts, board: this.#rounds });
  }

  onTick(nowMs: number): void {
    this.#settled.onTick(nowMs);
    this.#overwrites.onTick(nowMs);
    this.#rounds.onTick(nowMs);
  }

  /** Requests that wait for replicas, and writes on their way to the last of them. */
  get roundCount(): number {
    return this.#rounds.size + this.#overwrites.size;
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
    const { replica, clock, cluster } = this.#parts;
    const slot = slotOf(ref.key);
    const need = this.#admit(slot, level, isSloppy);
    if (readLevel !== undefined) await this.#bringHere(ref, readLevel);
    let hasChanged = false;
    const updated = replica.update(ref, clock.wallMs(), (view) => {
      const effect = step(view);
      if (effect.change !== undefined) refuseWhileMoving(cluster);
      hasChanged = effect.change !== undefined;
      return effect;
    });
    const reply = updated instanceof Promise ? await updated : updated;
    if (!hasChanged) return { reply, receipt: undefined };
    return { reply, receipt: await this.#spreadOwn(ref, { slot, need, isSloppy }) };
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
    const how = { slot, need: this.#need(slot, level), isSloppy };
    this.#rounds.requireRoom(this.#overwrites.size);
    return this.#overwrites.write(overwrite, how, reply, (ref) => this.#spreadOwn(ref, how));
  }

  /**
   * As `update`, of several keys of one slot, each named once: `run` changes them here, at once, and what it has changed
   * goes to the replicas. Once it has run, a failure is unknown, also of keys that have reached theirs.
   */
  async updateAll<R>(
    refs: readonly KeyRef[],
    { level, isSloppy, readLevel, isRepeatable = false }: WriteOptions,
    run: () => Awaitable<R>,
  ): Promise<Written<R>> {
    const { calls, cluster } = this.#parts;
    const slot = slotOf(refs[0]!.key);
    const need = this.#admit(slot, level, isSloppy);
    if (readLevel !== undefined) {
      await mapBounded(refs, ROWS_AT_ONCE, (ref) => this.#bringHere(ref, readLevel));
    }
    const before = await mapBounded(refs, ROWS_AT_ONCE, async (ref) => calls.loadOwn(ref));
    refuseWhileMoving(cluster);
    const reply = await run();
    const receipts = await mapBounded(refs, ROWS_AT_ONCE, async (ref, i) => {
      const cell = await calls.loadOwn(ref);
      const was = before[i];
      const isSame = cell !== undefined && was !== undefined && equalBytes(cell, was);
      if (cell === undefined || (isSame && !isRepeatable)) return undefined;
      const holders = new Map([[cluster.self.id, calls.ownAck()]]);
      return this.#spread({ slot, ref, cell, need, isSloppy, holders });
    }).catch(asUnknown);
    return { reply, receipt: weakest(receipts) };
  }

  /** Throws StoreError, not applied, if a write surely cannot be made. */
  #admit(slot: number, level: ConsistencyLevel, isSloppy: boolean): QuorumNeed {
    const { cluster } = this.#parts;
    this.#rounds.requireRoom(this.#overwrites.size);
    const need = this.#need(slot, level);
    if (!cluster.replicasOf(slot).some(({ id }) => id === cluster.self.id)) {
      throw new StoreError("INVALID_REQUEST", "not-applied", `this node keeps no copy of slot ${slot}`);
    }
    this.#requireReachable(slot, need, isSloppy);
    return need;
  }

  /** Encoded. */
  #readCell(ref: KeyRef, level: ConsistencyLevel): Awaitable<Uint8Array | undefined> {
    const { calls } = this.#parts;
    const slot = slotOf(ref.key);
    const need = this.#need(slot, level);
    return this.#isEnough(need, slot) ? calls.loadOwn(ref) : this.#agree(slot, ref, need);
  }

  /** True if this node's own copy is all that is needed. */
  #isEnough(need: QuorumNeed, slot: number): boolean {
    const { cluster } = this.#parts;
    if (need.length > 1 || need[0]!.machineCount > 1) return false;
    const own = cluster.replicasOf(slot).find(({ id }) => id === cluster.self.id);
    return own !== undefined && missingMachines(need, [own]) === 0;
  }

  /** Digests first; where they differ, the cells: merged, and brought to who lacks something before it is answered. */
  async #agree(slot: number, ref: KeyRef, need: QuorumNeed): Promise<Uint8Array | undefined> {
    this.#rounds.requireRoom(this.#overwrites.size);
    const isSettled = this.#settled.areSettled(this.#parts.cluster.replicasOf(slot));
    const hints = isSettled ? NO_HINTS : await this.#hintsOf(slot, ref);
    const first = await this.#ask(slot, ref, { need, isWhole: false, consulted: hints.elsewhere });
    const kept = hints === NO_HINTS ? NO_CELLS : [...hints.here, ...first.hints];
    const told = agreed(first.answers);
    if (told !== undefined && addsNothing(kept, told)) return told.row?.cell;
    const { answers } = await this.#ask(slot, ref, { need, isWhole: true, consulted: [] });
    const cells = [...answers.values()].map(({ row }) => row?.cell).filter((cell) => cell !== undefined);
    if (cells.length + kept.length === 0) return undefined;
    const merged = [...cells, ...kept].reduce(mergeCells);
    await this.#repair(slot, ref, { need, merged, answers });
    return merged;
  }

  async #repair(
    slot: number,
    ref: KeyRef,
    { need, merged, answers }: { need: QuorumNeed; merged: Uint8Array; answers: RowAnswers },
  ): Promise<void> {
    const digest = cellDigest(merged);
    const current = [...answers].filter(([, answer]) => equalBytes(answer.digest, digest));
    const holders = new Map(current.map(([id]): [NodeId, Awaitable<Ack>] => [id, HELD]));
    try {
      await this.#spread({ slot, ref, cell: merged, need, isSloppy: false, holders });
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
  ): Promise<{ here: Uint8Array[]; elsewhere: readonly Participant[] }> {
    const { cluster, hints } = this.#parts;
    const isAsked = ({ id }: Participant): boolean => id !== cluster.self.id && cluster.isUp(id);
    const elsewhere = cluster.fallbacksOf(slot).filter(isAsked).slice(0, CONSULTED_MAX);
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
    how: Pick<ReadTask, "need" | "isWhole" | "consulted">,
  ): Promise<ReadOutcome> {
    const { timeoutMs, lateMs } = this.#parts.settings;
    const startedMs = this.#parts.clock.monotonicMs();
    const { need, isWhole, consulted } = how;
    const round = new ReadRound(this.#parts, {
      slot,
      ref,
      need,
      isWhole,
      consulted,
      startedMs,
      timeoutMs,
      lateMs,
    });
    this.#rounds.add(round);
    round.start();
    return round.done;
  }

  /**
   * Brings what this node has to the others. What they have written meanwhile goes with it: a cell that knows more does no
   * harm. Undefined if it has expired already, or been evicted.
   */
  async #spreadOwn(ref: KeyRef, how: Acknowledging): Promise<Receipt | undefined> {
    const { calls, cluster } = this.#parts;
    const own = calls.loadOwn(ref);
    const cell = own instanceof Promise ? await own.catch(asUnknown) : own;
    if (cell === undefined) return undefined;
    return this.#spread({ ...how, ref, cell, holders: new Map([[cluster.self.id, calls.ownAck()]]) });
  }

  #spread(task: {
    slot: number;
    ref: KeyRef;
    cell: Uint8Array;
    need: QuorumNeed;
    isSloppy: boolean;
    holders: ReadonlyMap<NodeId, Awaitable<Ack>>;
  }): Promise<Receipt> {
    const { timeoutMs, lateMs } = this.#parts.settings;
    const { slot, ref, cell, need, isSloppy, holders } = task;
    const startedMs = this.#parts.clock.monotonicMs();
    const times = { startedMs, timeoutMs, lateMs };
    const round = new WriteRound(this.#parts, { slot, ref, cell, need, isSloppy, holders, ...times });
    this.#rounds.add(round);
    round.start();
    return round.done;
  }

  /** Lists of replicas are shared by slots and stay the same while the topology does: so is what levels ask of them. */
  #need(slot: number, level: ConsistencyLevel): QuorumNeed {
    const { cluster } = this.#parts;
    const replicas = cluster.replicasOf(slot);
    const present = this.#needs.get(replicas)?.get(level);
    if (present !== undefined) return present;
    const result = quorumNeed(level, replicas, cluster.self.datacenter);
    if (result.kind === "impossible") {
      throw new StoreError("QUORUM_UNAVAILABLE", "not-applied", result.reason);
    }
    const needs = this.#needs.get(replicas) ?? new Map<ConsistencyLevel, QuorumNeed>();
    this.#needs.set(replicas, needs.set(level, result.need));
    return result.need;
  }

  /** Refuses a write that surely finds too few machines before anything is done. */
  #requireReachable(slot: number, need: QuorumNeed, isSloppy: boolean): void {
    const { cluster } = this.#parts;
    const replicas = cluster.replicasOf(slot);
    if (replicas.every(({ id }) => id === cluster.self.id || cluster.isUp(id))) return;
    const takers = isSloppy ? [...replicas, ...cluster.fallbacksOf(slot)] : replicas;
    const isReachable = ({ id }: Participant): boolean => id === cluster.self.id || cluster.isUp(id);
    const missing = missingMachines(need, takers.filter(isReachable));
    if (missing === 0) return;
    const text = `${missing} machines too few are up for the write's consistency`;
    throw new StoreError("QUORUM_UNAVAILABLE", "not-applied", text);
  }
}

/** Keys of one request whose rounds are under way at a time. */
const ROWS_AT_ONCE = 64;

/** The receipt of a write of several keys is that of the key which the fewest machines hold. */
export function weakest(receipts: readonly (Receipt | undefined)[]): Receipt | undefined {
  const all = receipts.filter((receipt) => receipt !== undefined);
  return all.reduce<Receipt | undefined>(
    (least, next) => (least === undefined || next.machines.length < least.machines.length ? next : least),
    undefined,
  );
}

function asUnknown(cause: unknown): never {
  if (!(cause instanceof StoreError)) throw cause;
  throw new StoreError(cause.code, "unknown", cause.message, { cause });
}

/** Those who stand in first are the first to have been given something. */
const CONSULTED_MAX = 4;
const NO_CELLS: readonly Uint8Array[] = [];
const NO_HINTS: { here: Uint8Array[]; elsewhere: readonly Participant[] } = { here: [], elsewhere: [] };

/** The answer that tells the cell, if all are equal. */
function agreed(answers: RowAnswers): RowAnswer | undefined {
  let told: RowAnswer | undefined;
  for (const answer of answers.values()) if (answer.row !== undefined) told ??= answer;
  if (told === undefined) return undefined;
  for (const { digest } of answers.values()) if (!equalBytes(digest, told.digest)) return undefined;
  return told;
}

/** True if the answer has seen whatever these tell. */
function addsNothing(hints: readonly Uint8Array[], { row, digest }: RowAnswer): boolean {
  if (hints.length === 0) return true;
  const cells = row?.cell === undefined ? hints : [row.cell, ...hints];
  return equalBytes(cellDigest(cells.reduce(mergeCells)), digest);
}

/** Asked where the write is made, with no await between: else it could be made after all others have stopped. */
function refuseWhileMoving({ isMoving }: Cluster): void {
  if (isMoving !== true) return;
  throw new StoreError("OVERLOADED", "not-applied", "a node is joining: nothing is written until it has");
}

/** Of a replica that has just shown that it has the cell. */
const HELD: Ack = UNSYNCED;
