/**
 * Reads at a quorum of two, of rows that this node has at hand, while nothing is wrong: all replicas that it is a quorum of, those
 * of one datacenter or of all, are up and have been so for long, so that the nearest other one's digest decides. Everything else is left to Coordinator.read, from the start or with
 * what has been asked so far forgotten: reading twice does no harm.
 *
 * Invariant: what it answers, Coordinator.read might.
 * Hot: watched by `bench -- cluster`.
 */
import { pooledCopy } from "../base/byte-pool.ts";
import type { ByteRange } from "../base/bytes.ts";
import { plainDigestEnd } from "../causality/cell-digest.ts";
import type { Clock } from "../runtime/runtime.ts";
import { AgeList } from "./age-list.ts";
import type { CoordinatorTallies } from "./coordinator-tallies.ts";
import type { LocalReplica } from "./local-replica.ts";
import type { ConsistencyLevel, Participant, QuorumNeed } from "./quorum-need.ts";
import { QuorumRead, type ReadsOwner } from "./quorum-read.ts";
import type { Cluster, ReplicaCalls } from "./replica-calls.ts";
import { beginReadRow, REPLICA_METHOD } from "./replica-message.ts";
import type { SettledReplicas } from "./settled-replicas.ts";
import type { SlotNeeds } from "./slot-needs.ts";
import type { KeyRef } from "./step.ts";

export interface QuorumReadsParts {
  readonly cluster: Cluster;
  readonly calls: ReplicaCalls;
  readonly replica: LocalReplica;
  readonly clock: Pick<Clock, "turnMs">;
  readonly settings: { readonly timeoutMs: number; readonly lateMs: number };
  readonly settled: SettledReplicas;
  readonly tallies: CoordinatorTallies;
  readonly needs: Pick<SlotNeeds, "replicasFor">;
}

/** What is wanted: at a level that needs this. */
export interface RowRead {
  readonly ref: KeyRef;
  readonly slot: number;
  readonly level: ConsistencyLevel;
  readonly need: QuorumNeed;
}

/** Longer ones gain nothing by it. */
const CELL_BYTES_MAX = 16 * 1024;

export class QuorumReads implements ReadsOwner {
  readonly #parts: QuorumReadsParts;
  readonly #readAgain: (read: QuorumRead) => Promise<Uint8Array | undefined>;
  readonly #underWay = new AgeList<QuorumRead>();
  readonly #payload: ByteRange = { bytes: new Uint8Array(256), start: 0, end: 0 };

  /** `readAgain`: the cell as Coordinator.read finds it, of a read that began when this one did. */
  constructor(parts: QuorumReadsParts, readAgain: (read: QuorumRead) => Promise<Uint8Array | undefined>) {
    this.#parts = parts;
    this.#readAgain = readAgain;
  }

  get size(): number {
    return this.#underWay.size;
  }

  /** A promise of the cell, as Coordinator.read finds it; undefined if that must find it. */
  read({ ref, slot, level, need }: RowRead): Promise<Uint8Array | undefined> | undefined {
    const { cluster, replica, settled, calls, clock, settings } = this.#parts;
    if (need.length !== 1 || need[0]!.machineCount !== 2) return undefined;
    const replicas = this.#parts.needs.replicasFor(need, slot);
    const other = this.#nearest(replicas);
    if (other === undefined || !settled.areSettled(replicas)) return undefined;
    const { database, key } = ref;
    const own = replica.received.find(database, key, 0, key.length);
    const digestEnd = own === undefined ? -1 : plainDigestEnd(own);
    if (digestEnd < 0 || own!.end - own!.start > CELL_BYTES_MAX) return undefined;
    const cell = pooledCopy(own!.bytes, own!.start, own!.end);
    const row = { ref, slot, level, other: other.id, cell, digestEnd: digestEnd - own!.start };
    const read = new QuorumRead(this, row);
    read.startedMs = clock.turnMs();
    this.#underWay.add(read);
    const keyStart = beginReadRow(this, cluster.epoch, database, key.length);
    this.#payload.bytes.set(key, keyStart);
    calls.sendRange(other.id, REPLICA_METHOD.readDigest, this.#payload, read, settings.timeoutMs);
    return read.done;
  }

  /** Gives up on who is late, oldest first. */
  onTick(nowMs: number): void {
    const { cluster, settings } = this.#parts;
    this.#underWay.visit(nowMs - settings.lateMs, (read) => {
      if (nowMs - read.startedMs >= cluster.p99Ms(read.other)) read.end(false);
    });
  }

  onOver(read: QuorumRead, isSame: boolean): void {
    this.#underWay.remove(read);
    if (!isSame) {
      read.resolve(this.#readAgain(read));
      return;
    }
    const { clock, tallies } = this.#parts;
    if (tallies.records) tallies.quorumTimes.record((clock.turnMs() - read.startedMs) * 1000);
    read.resolve(read.cell.length === 0 ? undefined : read.cell);
  }

  reserve(length: number): Uint8Array {
    const payload = this.#payload;
    if (payload.bytes.length < length) payload.bytes = new Uint8Array(2 * length);
    payload.end = length;
    return payload.bytes;
  }

  /** Of the others that make two machines with this one; undefined if not all are up, or this one is none of them. */
  #nearest(replicas: readonly Participant[]): Participant | undefined {
    const { cluster } = this.#parts;
    const { self } = cluster;
    let nearest: Participant | undefined;
    let distance = 0;
    let isHere = false;
    for (let i = 0; i < replicas.length; i++) {
      const replica = replicas[i]!;
      if (replica.id === self.id) {
        isHere = true;
        continue;
      }
      if (!cluster.isUp(replica.id)) return undefined;
      const away = cluster.distanceTo(replica.id);
      if (replica.machine === self.machine || (nearest !== undefined && away >= distance)) continue;
      nearest = replica;
      distance = away;
    }
    return isHere ? nearest : undefined;
  }
}
