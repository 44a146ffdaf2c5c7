/**
 * Brings one cell to all replicas of its row, and tells when enough machines have it.
 *
 *   replica up        gets the cell; if it is late or fails, a fallback gets it too, as a hint, which counts once the
 *                     replica has failed or is down
 *   replica down      a fallback gets it as a hint
 *   no fallback left  once it has failed or is down, this node keeps the hint itself, which counts for nothing
 *
 * The answer goes out as soon as the need is met; the round goes on until everybody has answered or time is up, so that
 * who failed late has a hint somewhere.
 */
import { StoreError } from "../base/errors.ts";
import type { NodeId } from "../ring/ring-member.ts";
import type { Participant, QuorumNeed } from "./quorum-need.ts";
import type { Cluster, ReplicaCalls } from "./replica-calls.ts";
import type { HintKeeper } from "./replica-door.ts";
import type { Ack } from "./replica-message.ts";
import type { Round } from "./round-board.ts";
import type { KeyRef } from "./step.ts";
import { type Receipt, WriteQuorum } from "./write-quorum.ts";

export interface WriteRoundParts {
  readonly cluster: Cluster;
  readonly calls: ReplicaCalls;
  readonly hints: HintKeeper;
}

export interface WriteTask {
  readonly slot: number;
  readonly ref: KeyRef;
  /** Encoded. */
  readonly cell: Uint8Array;
  readonly need: QuorumNeed;
  readonly isSloppy: boolean;
  /** Who has it already, or will have said so when the promise resolves. */
  readonly holders: ReadonlyMap<NodeId, Promise<Ack>>;
  readonly startedMs: number;
  readonly timeoutMs: number;
  /** A replica that has not answered by then is late, whatever its usual times. */
  readonly lateMs: number;
}

export class WriteRound implements Round {
  /** Settled once: with the receipt, or the StoreError that says what is known. */
  readonly done: Promise<Receipt>;
  readonly #parts: WriteRoundParts;
  readonly #task: WriteTask;
  readonly #quorum: WriteQuorum;
  readonly #spare: Participant[];
  /** Replicas for which somebody has been asked to keep a hint. */
  readonly #hinted = new Set<NodeId>();
  #resolve!: (receipt: Receipt) => void;
  #reject!: (failure: StoreError) => void;
  #waiting = 0;
  readonly #failures: unknown[] = [];

  constructor(parts: WriteRoundParts, task: WriteTask) {
    this.#parts = parts;
    this.#task = task;
    this.#quorum = new WriteQuorum(task);
    this.#spare = parts.cluster.fallbacksOf(task.slot).filter(({ id }) => parts.cluster.isUp(id));
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  start(): void {
    const { cluster } = this.#parts;
    const { slot, holders, ref, cell, timeoutMs } = this.#task;
    for (const replica of cluster.replicasOf(slot)) {
      const holds = holders.get(replica.id);
      const isReachable = replica.id === cluster.self.id || cluster.isUp(replica.id);
      if (holds === undefined && !isReachable) {
        this.#quorum.excuse(replica.id);
        this.#replace(replica);
      } else {
        const task = { ref, cell, hintFor: undefined };
        this.#await(replica, undefined, holds ?? this.#parts.calls.write(replica.id, task, timeoutMs));
      }
    }
    this.#decide();
  }

  onTick(nowMs: number): "going on" | "over" {
    const { cluster } = this.#parts;
    const { slot, startedMs, timeoutMs, lateMs } = this.#task;
    const tookMs = nowMs - startedMs;
    for (const replica of cluster.replicasOf(slot)) {
      if (replica.id === cluster.self.id) continue; // it has the write: only its disk is late
      if (!this.#quorum.hasAsked(replica.id) || !this.#quorum.isWaitingFor(replica.id)) continue;
      if (tookMs < Math.max(lateMs, cluster.p99Ms(replica.id))) continue;
      const isDown = !cluster.isUp(replica.id);
      if (isDown) this.#quorum.excuse(replica.id);
      if (isDown || this.#spare.length > 0) this.#replace(replica);
      if (isDown) this.#decide();
    }
    if (tookMs < timeoutMs) return this.#waiting > 0 ? "going on" : "over";
    const text = `no quorum for the write in ${timeoutMs} ms`;
    this.#reject(new StoreError("QUORUM_TIMEOUT", this.#quorum.outcome, text));
    return "over";
  }

  #await(member: Participant, hintFor: Participant | undefined, answer: Promise<Ack>): void {
    this.#quorum.ask(member, hintFor?.id);
    this.#waiting++;
    answer.then(
      ({ isSynced }) => {
        this.#waiting--;
        this.#quorum.onAck(member.id, isSynced);
        this.#decide();
      },
      (cause: unknown) => {
        this.#waiting--;
        this.#failures.push(cause);
        this.#quorum.onFailure(member.id, cause instanceof StoreError ? cause.outcome : "unknown");
        if (hintFor !== undefined) this.#hinted.delete(hintFor.id);
        if (member.id !== this.#parts.cluster.self.id) this.#replace(hintFor ?? member);
        this.#decide();
      },
    );
  }

  /** Finds somebody who keeps the cell for the replica: near it if possible, as the need may ask. */
  #replace(replica: Participant): void {
    if (this.#hinted.has(replica.id)) return;
    this.#hinted.add(replica.id);
    const { ref, cell, timeoutMs } = this.#task;
    const near = this.#spare.findIndex(({ datacenter }) => datacenter === replica.datacenter);
    const [fallback] = this.#spare.splice(Math.max(near, 0), 1);
    const hint = { ref, cell, hintFor: replica.id };
    if (fallback !== undefined && fallback.id !== this.#parts.cluster.self.id) {
      this.#await(fallback, replica, this.#parts.calls.write(fallback.id, hint, timeoutMs));
      return;
    }
    // No room for it, or no disk: then anti-entropy must bring the cell there.
    const kept = this.#parts.hints.add(replica.id, ref, cell, { isUrgent: false });
    kept.catch(() => this.#hinted.delete(replica.id));
  }

  #decide(): void {
    const { verdict, receipt } = this.#quorum;
    if (verdict === "pending") return;
    if (verdict === "met") {
      this.#resolve(receipt);
      return;
    }
    const reasons = this.#failures.map((cause) => (cause instanceof Error ? cause.message : String(cause)));
    const why = reasons.length === 0 ? "" : `: ${reasons.join("; ")}`;
    const text = `${receipt.machines.length} machines have the write, too few for its consistency${why}`;
    this.#reject(new StoreError("QUORUM_UNAVAILABLE", verdict, text, { cause: this.#failures.at(-1) }));
  }
}
