/**
 * Asks enough replicas for one row: the nearest for the cell, the others for a digest of theirs (or all for the cell).
 * Who fails, or has not answered by the time that it nearly always keeps, is joined by the next. Where datacenters are
 * counted, nobody is asked in one that has enough, or need not say anything.
 *
 * Hot: it hears of answers itself, without a promise for each; watched by `bench -- coordinator`.
 *
 * Where a replica may lack writes that wait for it elsewhere, those who would have taken them are consulted, too: what they
 * keep counts for nothing, but is told beside the answers. They are waited for until they are late.
 */
import { pooledCopy } from "../base/byte-pool.ts";
import type { ByteRange } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import type { NodeId } from "../ring/ring-member.ts";
import type { Participant, QuorumNeed } from "./quorum-need.ts";
import { ReadQuorum } from "./read-quorum.ts";
import {
  type Answerer,
  type AnswerReceiver,
  type Cluster,
  type ReplicaCalls,
  type RowAnswer,
  wholeAnswer,
} from "./replica-calls.ts";
import { decodeCellAnswer, decodeDigestAnswer, REPLICA_METHOD } from "./replica-message.ts";
import type { Round } from "./round-board.ts";
import type { KeyRef } from "./step.ts";

export interface ReadTask {
  readonly slot: number;
  readonly ref: KeyRef;
  readonly need: QuorumNeed;
  /** True: everybody is asked for the cell itself. */
  readonly isWhole: boolean;
  /** Fallbacks whose hints of the row are wanted. */
  readonly consulted: readonly Participant[];
  readonly startedMs: number;
  readonly timeoutMs: number;
  /** A replica is not called late before this, whatever its usual times. */
  readonly lateMs: number;
}

export type RowAnswers = ReadonlyMap<NodeId, RowAnswer>;

export interface ReadOutcome {
  /** Of enough machines, one with its cell at least. */
  readonly answers: RowAnswers;
  /** What those that were consulted keep of the row. */
  readonly hints: readonly Uint8Array[];
}

export class ReadRound implements Round, AnswerReceiver {
  /** Settled once: with the outcome, or the StoreError, not applied. */
  readonly done: Promise<ReadOutcome>;
  readonly #calls: ReplicaCalls;
  readonly #cluster: Cluster;
  readonly #task: ReadTask;
  readonly #quorum: ReadQuorum;
  readonly #replicas: readonly Participant[];
  readonly #answers = new Map<NodeId, RowAnswer>();
  readonly #asked: Asked[] = [];
  readonly #hints: Uint8Array[] = [];
  #consulting: readonly NodeId[] = NOBODY;
  #payload: Uint8Array | undefined;
  #resolve!: (outcome: ReadOutcome) => void;
  #reject!: (failure: StoreError) => void;
  #isOver = false;
  #lastFailure: unknown;

  constructor({ cluster, calls }: { cluster: Cluster; calls: ReplicaCalls }, task: ReadTask) {
    this.#cluster = cluster;
    this.#calls = calls;
    this.#task = task;
    this.#quorum = new ReadQuorum({ need: task.need, isSloppy: false });
    this.#replicas = cluster.replicasOf(task.slot);
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  start(): void {
    for (const { id } of this.#task.consulted) this.#consult(id);
    while (this.#quorum.missingAsked > 0 && this.#askNext(this.#task.startedMs));
    this.#decide();
  }

  onTick(nowMs: number): "going on" | "over" {
    if (this.#isOver) return "over";
    const { startedMs, timeoutMs, lateMs } = this.#task;
    const isLate = (id: NodeId, atMs: number): boolean =>
      nowMs - atMs >= lateMs && nowMs - atMs >= this.#cluster.p99Ms(id);
    for (const asked of [...this.#asked]) {
      if (asked.isJoined || !this.#quorum.isWaitingFor(asked.id) || !isLate(asked.id, asked.atMs)) continue;
      asked.isJoined = true;
      asked.isTrusted = false;
      this.#askNext(nowMs, asked.member);
    }
    this.#consulting = this.#consulting.filter((id) => !isLate(id, startedMs));
    this.#decide();
    if (nowMs - startedMs < timeoutMs) return "going on";
    this.#fail("QUORUM_TIMEOUT", `no quorum for the read in ${timeoutMs} ms`);
    return "over";
  }

  onReply({ id }: Answerer, { bytes, start, end }: ByteRange): void {
    const payload = pooledCopy(bytes, start, end);
    const asked = this.#asked.find((other) => other.id === id);
    try {
      if (asked === undefined) this.#onConsulted(id!, decodeCellAnswer(payload));
      else if (asked.isWhole) this.#onAnswer(id!, wholeAnswer(decodeCellAnswer(payload)));
      else this.#onAnswer(id!, { digest: decodeDigestAnswer(payload), row: undefined });
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      this.onFailure({ id }, cause);
    }
  }

  onFailure({ id }: Answerer, failure: unknown): void {
    const asked = this.#asked.find((other) => other.id === id);
    // Who was only consulted has nothing to say then: it is not one of those that make the answer.
    if (asked === undefined) this.#onConsulted(id!, undefined);
    else this.#onFailed(asked, failure);
  }

  #consult(id: NodeId): void {
    const { ref, timeoutMs } = this.#task;
    this.#consulting = [...this.#consulting, id];
    this.#payload ??= this.#calls.encodeRead(ref);
    const payload = this.#payload;
    this.#calls.send(id, { method: REPLICA_METHOD.readHint, payload, timeoutMs }, this);
  }

  #onConsulted(id: NodeId, cell: Uint8Array | undefined): void {
    if (cell !== undefined) this.#hints.push(cell);
    this.#consulting = this.#consulting.filter((other) => other !== id);
    this.#decide();
  }

  /** Somebody more, or in place of who is late. False if nobody is left who would help. */
  #askNext(nowMs: number, late?: Participant): boolean {
    let best: Participant | undefined;
    for (const replica of this.#replicas) {
      if (this.#quorum.hasAsked(replica.id) || !this.#mayHelp(replica, late)) continue;
      if (best === undefined || this.#isNearer(replica, best)) best = replica;
    }
    if (best === undefined) return false;
    this.#ask(best, nowMs);
    return true;
  }

  #mayHelp({ datacenter }: Participant, late: Participant | undefined): boolean {
    if (late === undefined) return this.#quorum.wantsMoreOf(datacenter);
    return this.#task.need[0]!.datacenter === undefined || datacenter === late.datacenter;
  }

  /** This node before all others, those that are down last. */
  #isNearer(a: Participant, b: Participant): boolean {
    const ranks = this.#rankOf(a) - this.#rankOf(b);
    return ranks < 0 || (ranks === 0 && this.#cluster.distanceTo(a.id) < this.#cluster.distanceTo(b.id));
  }

  #rankOf({ id }: Participant): number {
    if (id === this.#cluster.self.id) return 0;
    return this.#cluster.isUp(id) ? 1 : 2;
  }

  #ask(member: Participant, nowMs: number): void {
    const { ref, isWhole, startedMs, timeoutMs } = this.#task;
    const { id } = member;
    const asked = {
      id,
      member,
      atMs: nowMs,
      isWhole: isWhole || !this.#asked.some(({ isTrusted }) => isTrusted),
      isJoined: false,
      isTrusted: true,
    };
    this.#quorum.ask(member, REPLICA);
    this.#asked.push(asked);
    if (id === this.#cluster.self.id) {
      this.#askHere(asked);
      return;
    }
    const leftMs = Math.max(1, timeoutMs - (nowMs - startedMs));
    this.#payload ??= this.#calls.encodeRead(ref);
    const payload = this.#payload;
    const method = asked.isWhole ? REPLICA_METHOD.readCell : REPLICA_METHOD.readDigest;
    this.#calls.send(id, { method, payload, timeoutMs: leftMs }, this);
  }

  #askHere(asked: Asked): void {
    const own = this.#calls.loadOwn(this.#task.ref);
    if (!(own instanceof Promise)) {
      this.#answers.set(asked.id, wholeAnswer(own));
      this.#quorum.onAnswer(asked.id);
      return; // whoever asks looks whether that is enough
    }
    own.then(
      (cell) => this.#onAnswer(asked.id, wholeAnswer(cell)),
      (cause: unknown) => this.#onFailed(asked, cause),
    );
  }

  #onAnswer(id: NodeId, answer: RowAnswer): void {
    this.#answers.set(id, answer);
    this.#quorum.onAnswer(id);
    this.#decide();
  }

  #onFailed(asked: Asked, cause: unknown): void {
    // That its plan is too old tells whoever asked what to do about it.
    const isToldWhy = this.#lastFailure instanceof StoreError && this.#lastFailure.code === "STALE_PLAN";
    if (!isToldWhy) this.#lastFailure = cause;
    asked.isTrusted = false;
    this.#quorum.onFailure(asked.id);
    while (!this.#isOver && this.#quorum.missingAsked > 0 && this.#askNext(asked.atMs));
    this.#decide();
  }

  #decide(): void {
    const { verdict } = this.#quorum;
    if (this.#isOver || verdict === "pending") return;
    if (verdict === "met") {
      if (this.#consulting.length > 0) return;
      this.#isOver = true;
      this.#resolve({ answers: this.#answers, hints: this.#hints });
    } else {
      this.#fail("QUORUM_UNAVAILABLE", "too few machines answer for the consistency of the read");
    }
  }

  #fail(code: "QUORUM_UNAVAILABLE" | "QUORUM_TIMEOUT", text: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reject(new StoreError(code, "not-applied", text, { cause: this.#lastFailure }));
  }
}

interface Asked {
  readonly id: NodeId;
  readonly member: Participant;
  readonly atMs: number;
  readonly isWhole: boolean;
  /** Another one has been asked because it is late. */
  isJoined: boolean;
  /** Neither late nor failed: one of these must be asked for the cell. */
  isTrusted: boolean;
}

const REPLICA = { isFallback: false };
const NOBODY: readonly NodeId[] = [];
