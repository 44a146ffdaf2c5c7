/**
 * Plain overwrites coordinated where the request lies, while the cluster is as it should be: all replicas up, in one datacenter, each
 * on a machine of its own, the slot at rest. Everything else is refused here, with nothing done, or goes on as a WriteRound.
 *
 * Invariant: what is acknowledged is what Coordinator.update would acknowledge.
 * Hot: watched by `bench -- cluster`.
 */
import type { ByteRange } from "../base/bytes.ts";
import type { Clock } from "../runtime/runtime.ts";
import { AgeList } from "./age-list.ts";
import type { CoordinatorTallies } from "./coordinator-tallies.ts";
import type { LocalReplica } from "./local-replica.ts";
import { OverwriteRound, type RoundsOwner } from "./overwrite-round.ts";
import { type ConsistencyLevel, countMachines, type Participant, type QuorumNeed } from "./quorum-need.ts";
import { type Ack, beginWriteCell, REPLICA_METHOD } from "./replica-message.ts";
import type { KeyRef, RequestInPlace } from "./step.ts";
import type { SpreadTask, WriteRoundParts } from "./write-round.ts";

/** A request to be made: the key is the second argument, the value that of number `valueAt`. */
export interface Overwrite {
  readonly database: number;
  readonly request: RequestInPlace;
  readonly valueAt: number;
  readonly expiresAtMs: number;
  readonly wallMs: number;
}

export interface OverwritesParts extends Omit<WriteRoundParts, "hints"> {
  readonly replica: LocalReplica;
  readonly clock: Pick<Clock, "turnMs">;
  readonly settings: { readonly timeoutMs: number; readonly lateMs: number };
  readonly tallies: CoordinatorTallies;
  /** Goes on with a write that meets with trouble. */
  readonly spread: (task: SpreadTask) => Promise<unknown>;
}

/** How a write is to be acknowledged. */
export interface Acknowledging {
  readonly slot: number;
  readonly level: ConsistencyLevel;
  /** What that asks of the replicas. */
  readonly need: QuorumNeed;
  readonly isSloppy: boolean;
}

/** Longer ones gain nothing by it. */
const CELL_BYTES_MAX = 16 * 1024;
const SPARE_MAX = 1_024;

export class Overwrites implements RoundsOwner {
  readonly #parts: OverwritesParts;
  readonly #spare: OverwriteRound[] = [];
  /** Whether all of them stand in this datacenter, on machines of their own; lists stay the same while the topology does. */
  readonly #arePlain = new WeakMap<readonly Participant[], boolean>();
  readonly #underWay = new AgeList<OverwriteRound>();

  constructor(parts: OverwritesParts) {
    this.#parts = parts;
  }

  /** Under way. */
  get size(): number {
    return this.#underWay.size;
  }

  /**
   * A promise of `reply`, which is kept or rejects as Coordinator.update does; undefined, with nothing done, if that must do
   * it. `spread` brings to the others what this node has, where that could not be read at once.
   */
  write<R>(
    overwrite: Overwrite,
    how: Acknowledging,
    reply: R,
    spread: (ref: KeyRef) => Promise<unknown>,
  ): Promise<R> | undefined {
    const { cluster, replica } = this.#parts;
    const replicas = cluster.replicasOf(how.slot);
    if (cluster.otherReplicasOf?.(how.slot) !== undefined) return undefined;
    if (!this.#isPlain(replicas, how.need)) return undefined;
    const { database, request, valueAt, expiresAtMs, wallMs } = overwrite;
    const { bytes, starts, ends } = request;
    const [start, end] = [starts[1]!, ends[1]!];
    if (ends[valueAt]! - starts[valueAt]! > CELL_BYTES_MAX) return undefined;
    const written = replica.overwrite(database, request, valueAt, expiresAtMs, wallMs);
    if (written === false) return undefined;
    const cell = written === true ? replica.received.find(database, bytes, start, end) : undefined;
    if (cell === undefined || cell.start === cell.end) {
      const ref = { database, key: bytes.slice(start, end) };
      return Promise.resolve(written)
        .then(() => spread(ref))
        .then(() => reply);
    }
    const round = this.#spare.pop() ?? new OverwriteRound(this);
    this.#describe(round, overwrite, cell, how);
    return this.#start(round, replicas, how.need, reply);
  }

  /** Hands over what takes too long, oldest first. */
  onTick(nowMs: number): void {
    this.#underWay.visit(nowMs - this.#parts.settings.lateMs, (round) => {
      if (this.#isStuck(round, nowMs - round.startedMs)) this.onTrouble(round);
    });
  }

  onAnswered({ startedMs }: OverwriteRound): void {
    const { clock, tallies } = this.#parts;
    if (tallies.records) tallies.quorumTimes.record((clock.turnMs() - startedMs) * 1000);
  }

  onOver(round: OverwriteRound): void {
    this.#underWay.remove(round);
    if (this.#spare.length < SPARE_MAX) this.#spare.push(round);
  }

  onTrouble(round: OverwriteRound): void {
    this.#underWay.remove(round);
    const { slot, database, payload, keyStart, cellStart, level, isSloppy, startedMs } = round;
    const ref = { database, key: payload.bytes.subarray(keyStart, cellStart) };
    const cell = payload.bytes.subarray(cellStart, payload.end);
    const holders = round.handOver();
    round.answered(this.#parts.spread({ slot, ref, cell, level, isSloppy, holders, startedMs }));
  }

  /** True if it takes no more than to ask everybody and count the answers. */
  #isPlain(replicas: readonly Participant[], need: QuorumNeed): boolean {
    if (need.length !== 1) return false;
    const { cluster } = this.#parts;
    let isHere = false;
    for (let i = 0; i < replicas.length; i++) {
      const { id } = replicas[i]!;
      if (id === cluster.self.id) isHere = true;
      else if (!cluster.isUp(id)) return false;
    }
    if (!isHere) return false;
    let arePlain = this.#arePlain.get(replicas);
    if (arePlain === undefined) {
      const isNear = replicas.every(({ datacenter }) => datacenter === cluster.self.datacenter);
      arePlain = isNear && countMachines(replicas, undefined) === replicas.length;
      this.#arePlain.set(replicas, arePlain);
    }
    return arePlain;
  }

  #describe(
    round: OverwriteRound,
    { database, request }: Overwrite,
    cell: ByteRange,
    how: Acknowledging,
  ): void {
    const { bytes, starts, ends } = request;
    const [start, end] = [starts[1]!, ends[1]!];
    const cellBytes = cell.end - cell.start;
    const keyStart = beginWriteCell(round, this.#parts.cluster.epoch, database, end - start, cellBytes);
    const target = round.payload.bytes;
    const cellStart = keyStart + end - start;
    for (let i = start, to = keyStart; i < end; i++) target[to++] = bytes[i]!;
    target.set(cell.bytes.subarray(cell.start, cell.end), cellStart);
    round.keyStart = keyStart;
    round.cellStart = cellStart;
    round.database = database;
    round.slot = how.slot;
    round.level = how.level;
    round.isSloppy = how.isSloppy;
  }

  #start<R>(round: OverwriteRound, replicas: readonly Participant[], need: QuorumNeed, reply: R): Promise<R> {
    const { cluster, calls, clock, settings } = this.#parts;
    const self = cluster.self.id;
    round.startedMs = clock.turnMs();
    this.#underWay.add(round);
    const done = round.begin(replicas, need[0]!.machineCount, reply);
    for (let i = 0; i < replicas.length; i++) {
      const { id } = replicas[i]!;
      if (id === self) continue;
      calls.sendRange(id, REPLICA_METHOD.writeCell, round.payload, round, settings.timeoutMs);
    }
    const own = calls.ownAck();
    if (own instanceof Promise) {
      own.then(
        (ack: Ack) => round.onAck(self, ack),
        (cause: unknown) => round.onFailure(cluster.self, cause),
      );
    } else {
      round.onAck(self, own);
    }
    return done;
  }

  /** True if somebody lets it wait who would be stood in for, or its time is over. */
  #isStuck(round: OverwriteRound, tookMs: number): boolean {
    const { cluster, settings } = this.#parts;
    if (tookMs >= settings.timeoutMs) return true;
    const { replicas, slot } = round;
    for (let i = 0; i < replicas.length; i++) {
      const { id } = replicas[i]!;
      if (id === cluster.self.id || !round.isWaitingFor(i)) continue;
      if (tookMs < cluster.p99Ms(id)) continue;
      if (!cluster.isUp(id) || cluster.fallbacksOf(slot).length > 0) return true;
    }
    return false;
  }
}
