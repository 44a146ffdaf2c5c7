/**
 * Brings one cell to all replicas of its row, and tells when enough machines have it.
 *
 *   replica up        gets the cell; if it is late or fails, a fallback gets it too, as a hint, which counts once the
 *                     replica has failed or is down
 *   replica down      a fallback gets it as a hint
 *   replica late      as if it were down; but before the write fails, it is asked after all
 *   no fallback left  once it has failed or is down, this node keeps the hint itself, which counts for nothing
 *
 * Another datacenter is sent the cell once: see far-recipients.ts. Fallbacks there are brought their hints the same way.
 *
 * Hot: it hears of answers itself, without a promise for each; watched by `bench -- coordinator`.
 *
 * The answer goes out as soon as the need is met; the round goes on until everybody has answered or time is up, so that
 * who failed late has a hint somewhere.
 */
import type { Awaitable } from "../base/awaitable.ts";
import type { ByteRange } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import type { NodeId } from "../ring/ring-member.ts";
import { FarRecipients } from "./far-recipients.ts";
import { type ConsistencyLevel, isAmong, type Participant } from "./quorum-need.ts";
import type { Recipient } from "./relay-leg.ts";
import type { Answerer, AnswerReceiver, Cluster, ReplicaCalls } from "./replica-calls.ts";
import type { HintKeeper } from "./replica-door.ts";
import { type Ack, decodeAck, REPLICA_METHOD } from "./replica-message.ts";
import type { Round } from "./round-board.ts";
import type { KeyRef } from "./step.ts";
import { type Receipt, WriteQuorum, type WriteSide } from "./write-quorum.ts";

export interface WriteRoundParts {
  readonly cluster: Cluster;
  readonly calls: ReplicaCalls;
  readonly hints: HintKeeper;
}

/** A cell that is to be brought where it belongs, before anybody has looked where that is. */
export interface SpreadTask {
  /** Undefined: now. */
  readonly startedMs?: number;
  readonly slot: number;
  readonly ref: KeyRef;
  readonly cell: Uint8Array;
  readonly level: ConsistencyLevel;
  readonly isSloppy: boolean;
  readonly holders: ReadonlyMap<NodeId, Awaitable<Ack>>;
}

export interface WriteTask {
  readonly slot: number;
  readonly ref: KeyRef;
  /** Encoded. */
  readonly cell: Uint8Array;
  /** What the write needs: of the replicas, and while the slot moves, of those on the other side, too. */
  readonly sides: readonly WriteSide[];
  readonly isSloppy: boolean;
  /** Who has it already, or will have when the promise resolves. */
  readonly holders: ReadonlyMap<NodeId, Awaitable<Ack>>;
  readonly startedMs: number;
  readonly timeoutMs: number;
  /** A replica that has not answered by then is late, whatever its usual times. */
  readonly lateMs: number;
}

export class WriteRound implements Round, AnswerReceiver {
  /** Settled once: with the receipt, or the StoreError that says what is known. */
  readonly done: Promise<Receipt>;
  readonly #parts: WriteRoundParts;
  readonly #task: WriteTask;
  readonly #quorum: WriteQuorum;
  /** All that shall have the cell: those of the plan that was there when the round began. */
  readonly #replicas: readonly Participant[];
  /** Who may still be asked to stand in; found when somebody is needed. */
  #spare: Participant[] | undefined;
  /** Replicas for which somebody has been asked to keep a hint, and who. */
  #hints: { readonly replica: Participant; readonly keeper: NodeId }[] = NO_HINTS;
  #payload: Uint8Array | undefined;
  /** While it starts: who is to be asked in other datacenters, and afterwards who looks after them; undefined if nobody is there. */
  #starting: Recipient[] | undefined;
  #far: FarRecipients | undefined;
  #resolve!: (receipt: Receipt) => void;
  #reject!: (failure: StoreError) => void;
  #isDecided = false;
  #waiting = 0;
  #failures: readonly unknown[] = NO_FAILURES;

  constructor(parts: WriteRoundParts, task: WriteTask) {
    this.#parts = parts;
    this.#task = task;
    this.#quorum = new WriteQuorum(task);
    this.#replicas = recipientsOf(parts.cluster, task.slot);
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  start(): void {
    const { cluster } = this.#parts;
    const { holders } = this.#task;
    this.#starting = [];
    for (const replica of this.#replicas) {
      const { id } = replica;
      const holds = holders.get(id);
      if (holds !== undefined) this.#awaitHere(replica, holds);
      else if (id === cluster.self.id) this.#awaitHere(replica, this.#mergeHere());
      else if (cluster.isUp(id)) this.#ask(replica, undefined);
      else {
        this.#quorum.excuse(id);
        this.#replace(replica);
      }
    }
    const far = this.#starting;
    this.#starting = undefined;
    if (far.length > 0) this.#askFar(far);
    this.#decide();
  }

  onTick(nowMs: number): "going on" | "over" {
    const { startedMs, timeoutMs, lateMs } = this.#task;
    if (this.#isOver) return "over";
    const tookMs = nowMs - startedMs;
    if (tookMs >= lateMs) this.#lookForLate(tookMs);
    if (tookMs < timeoutMs) return this.#isOver ? "over" : "going on";
    this.#isDecided = true;
    const text = `no quorum for the write in ${timeoutMs} ms`;
    this.#reject(new StoreError("QUORUM_TIMEOUT", this.#quorum.outcome, text));
    return "over";
  }

  /** Who is entrusted to a relay is not waited for, unless that turns out to be needed. */
  get #isOver(): boolean {
    return this.#waiting === 0 && (this.#isDecided || this.#far === undefined);
  }

  onReply({ id }: Answerer, { bytes, start, end }: ByteRange): void {
    try {
      this.#onAck(id!, decodeAck(bytes.subarray(start, end)));
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      this.#onFailed(id!, cause);
    }
  }

  onFailure({ id }: Answerer, failure: unknown): void {
    this.#onFailed(id!, failure);
  }

  #lookForLate(tookMs: number): void {
    const { cluster } = this.#parts;
    this.#far?.onLate(tookMs, !this.#isDecided);
    for (const replica of this.#replicas) {
      const { id } = replica;
      if (id === cluster.self.id) continue; // it has the write: only its disk is late
      if (!this.#quorum.hasAsked(id) || !this.#quorum.isWaitingFor(id) || this.#far?.has(id) === true)
        continue;
      if (tookMs < cluster.p99Ms(id)) continue;
      const isDown = !cluster.isUp(id);
      if (isDown) this.#quorum.excuse(id);
      if (isDown || this.#spareNodes().length > 0) this.#replace(replica);
      if (isDown) this.#decide();
    }
  }

  #awaitHere(replica: Participant, held: Awaitable<Ack>): void {
    const { id } = replica;
    this.#quorum.ask(replica);
    if (!(held instanceof Promise)) {
      this.#quorum.onAck(id, held.isSynced);
      return;
    }
    this.#waiting++;
    held.then(
      (ack) => this.#onAck(id, ack),
      (cause: unknown) => this.#onFailed(id, cause),
    );
  }

  /** What fails here at once must not stop the others. */
  #mergeHere(): Awaitable<Ack> {
    const { ref, cell } = this.#task;
    try {
      return this.#parts.calls.mergeOwn(ref, cell);
    } catch (cause) {
      return Promise.reject(cause);
    }
  }

  #ask(member: Participant, hintFor: Participant | undefined): void {
    this.#quorum.ask(member, hintFor);
    this.#waiting++;
    const isFar = member.datacenter !== this.#parts.cluster.self.datacenter;
    if (isFar && this.#starting !== undefined) this.#starting.push({ member, hintFor });
    else this.#send({ member, hintFor });
  }

  #askFar(recipients: readonly Recipient[]): void {
    this.#far = new FarRecipients(this.#parts, this.#task, this.#replicas, {
      isWaitingFor: (id) => this.#quorum.isWaitingFor(id),
      send: (recipient) => this.#send(recipient),
      onAck: (id, ack) => this.#onAck(id, ack),
      onFailed: (id, cause) => this.#onFailed(id, cause),
      onEntrusted: () => {
        this.#waiting--;
      },
      onReclaimed: () => {
        this.#waiting++;
      },
    });
    this.#far.ask(recipients);
  }

  #send({ member, hintFor }: Recipient): void {
    const { calls } = this.#parts;
    const { ref, cell, timeoutMs } = this.#task;
    this.#payload ??= calls.encodeWrite(ref, cell, undefined);
    const payload = hintFor === undefined ? this.#payload : calls.encodeWrite(ref, cell, hintFor.id);
    calls.send(member.id, { method: REPLICA_METHOD.writeCell, payload, timeoutMs }, this);
  }

  #onAck(id: NodeId, { isSynced }: Ack): void {
    if (!this.#quorum.isWaitingFor(id)) return; // it has been told by another way
    this.#waiting--;
    this.#quorum.onAck(id, isSynced);
    this.#decide();
  }

  #onFailed(id: NodeId, cause: unknown): void {
    if (!this.#quorum.isWaitingFor(id)) return;
    const { cluster } = this.#parts;
    this.#waiting--;
    this.#failures = [...this.#failures, cause];
    this.#quorum.onFailure(id, cause instanceof StoreError ? cause.outcome : "unknown");
    const hint = this.#hints.find(({ keeper }) => keeper === id);
    if (hint !== undefined) this.#hints = this.#hints.filter((other) => other !== hint);
    const replica = hint?.replica ?? this.#replicas.find((other) => other.id === id);
    if (replica !== undefined && id !== cluster.self.id) this.#replace(replica);
    this.#decide();
  }

  /** Finds somebody who keeps the cell for the replica: near it if possible, as the need may ask. */
  #replace(replica: Participant): void {
    const { cluster, hints } = this.#parts;
    if (this.#hints.some((hint) => hint.replica.id === replica.id)) return;
    const spare = this.#spareNodes();
    const near = spare.findIndex(({ datacenter }) => datacenter === replica.datacenter);
    const [fallback] = spare.splice(Math.max(near, 0), 1);
    const hint = { replica, keeper: fallback?.id ?? cluster.self.id };
    this.#hints = [...this.#hints, hint];
    if (fallback !== undefined) {
      this.#ask(fallback, replica);
      return;
    }
    // No room for it, or no disk: then anti-entropy must bring the cell there.
    const { ref, cell } = this.#task;
    hints.add(replica.id, ref, cell, { isUrgent: false }).catch(() => {
      this.#hints = this.#hints.filter((other) => other !== hint);
    });
  }

  #spareNodes(): Participant[] {
    const { cluster } = this.#parts;
    this.#spare ??= cluster
      .fallbacksOf(this.#task.slot)
      .filter(({ id }) => id !== cluster.self.id && cluster.isUp(id) && !isAmong(this.#replicas, id));
    return this.#spare;
  }

  /** Those that were passed over for others, who will not do. */
  #askLate(): void {
    const { cluster } = this.#parts;
    for (const replica of this.#replicas) {
      const { id } = replica;
      if (!this.#quorum.hasAsked(id) && cluster.mayAnswer?.(id) === true) this.#ask(replica, undefined);
    }
  }

  #decide(): void {
    if (this.#isDecided) return;
    if (this.#quorum.verdict !== "pending" && this.#quorum.verdict !== "met") this.#askLate();
    const { verdict } = this.#quorum;
    if (verdict === "pending") return;
    this.#isDecided = true;
    const { receipt } = this.#quorum;
    if (verdict === "met") {
      this.#resolve(receipt);
      return;
    }
    const reasons = this.#failures.map((cause) => (cause instanceof Error ? cause.message : String(cause)));
    const why = reasons.length === 0 ? "" : `: ${reasons.join("; ")}`;
    const text = `${receipt.machines.length} machines have the write, too few for its consistency${why}`;
    this.#reject(
      new StoreError("QUORUM_UNAVAILABLE", verdict, text, {
        cause: this.#failures.find(isOfOldPlan) ?? this.#failures.at(-1),
      }),
    );
  }
}

/** Replicas of both sides of a move. */
function recipientsOf(cluster: Cluster, slot: number): readonly Participant[] {
  const replicas = cluster.replicasOf(slot);
  const others = cluster.otherReplicasOf?.(slot);
  if (others === undefined) return replicas;
  return [...replicas, ...others.filter(({ id }) => !isAmong(replicas, id))];
}

const NO_HINTS: { readonly replica: Participant; readonly keeper: NodeId }[] = [];
/** Such a refusal tells what to do about it. */
function isOfOldPlan(failure: unknown): boolean {
  return failure instanceof StoreError && failure.code === "STALE_PLAN";
}

const NO_FAILURES: readonly unknown[] = [];
