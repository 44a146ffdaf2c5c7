/**
 * Asks enough replicas for one row: the nearest for the cell, the others for a digest of theirs (or all for the cell).
 * Who fails, or has not answered by the time that it nearly always keeps, is joined by the next.
 *
 * Where a replica may lack writes that wait for it elsewhere, those who would have taken them are consulted, too: what they
 * keep counts for nothing, but is told beside the answers. They are waited for until they are late.
 */
import { StoreError } from "../base/errors.ts";
import type { NodeId } from "../ring/ring-member.ts";
import type { Participant, QuorumNeed } from "./quorum-need.ts";
import { ReadQuorum } from "./read-quorum.ts";
import type { Cluster, ReplicaCalls, RowAnswer } from "./replica-calls.ts";
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

export class ReadRound implements Round {
  /** Settled once: with the outcome, or the StoreError, not applied. */
  readonly done: Promise<ReadOutcome>;
  readonly #calls: ReplicaCalls;
  readonly #cluster: Cluster;
  readonly #task: ReadTask;
  readonly #quorum: ReadQuorum;
  readonly #answers = new Map<NodeId, RowAnswer>();
  /** Not asked yet, nearest first; those that are down last. */
  readonly #next: Participant[];
  readonly #asked = new Map<NodeId, { readonly atMs: number; isJoined: boolean }>();
  readonly #late = new Set<NodeId>();
  readonly #hints: Uint8Array[] = [];
  readonly #consulting = new Set<NodeId>();
  #resolve!: (outcome: ReadOutcome) => void;
  #reject!: (failure: StoreError) => void;
  #isOver = false;
  #lastFailure: unknown;

  constructor({ cluster, calls }: { cluster: Cluster; calls: ReplicaCalls }, task: ReadTask) {
    this.#cluster = cluster;
    this.#calls = calls;
    this.#task = task;
    this.#quorum = new ReadQuorum({ need: task.need, isSloppy: false });
    this.#next = nearestFirst(cluster, cluster.replicasOf(task.slot));
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
    for (const [id, asked] of this.#asked) {
      if (asked.isJoined || !this.#quorum.isWaitingFor(id)) continue;
      if (nowMs - asked.atMs < Math.max(lateMs, this.#cluster.p99Ms(id))) continue;
      asked.isJoined = true;
      this.#late.add(id);
      this.#askNext(nowMs);
    }
    for (const id of this.#consulting) {
      if (nowMs - startedMs >= Math.max(lateMs, this.#cluster.p99Ms(id))) this.#consulting.delete(id);
    }
    this.#decide();
    if (nowMs - startedMs < timeoutMs) return "going on";
    this.#fail("QUORUM_TIMEOUT", `no quorum for the read in ${timeoutMs} ms`);
    return "over";
  }

  #consult(id: NodeId): void {
    const { ref, timeoutMs } = this.#task;
    this.#consulting.add(id);
    const over = (cell: Uint8Array | undefined): void => {
      if (cell !== undefined) this.#hints.push(cell);
      this.#consulting.delete(id);
      this.#decide();
    };
    // Who cannot be asked has nothing to say: it is not one of those that make the answer.
    this.#calls.readHint(id, ref, timeoutMs).then(over, () => over(undefined));
  }

  /** False if nobody is left who would help. */
  #askNext(nowMs: number): boolean {
    const groups = this.#task.need.map(({ datacenter }) => datacenter);
    const at = this.#next.findIndex(
      ({ datacenter }) => groups.includes(undefined) || groups.includes(datacenter),
    );
    if (at === -1) return false;
    const [member] = this.#next.splice(at, 1);
    this.#ask(member!, nowMs);
    return true;
  }

  #ask(member: Participant, nowMs: number): void {
    const { ref, isWhole, startedMs, timeoutMs } = this.#task;
    const hasTeller = [...this.#asked.keys()].some((id) => !this.#late.has(id));
    this.#quorum.ask(member, { isFallback: false });
    this.#asked.set(member.id, { atMs: nowMs, isJoined: false });
    const leftMs = Math.max(1, timeoutMs - (nowMs - startedMs));
    this.#calls.read(member.id, { ref, isWhole: isWhole || !hasTeller }, leftMs).then(
      (answer) => {
        this.#answers.set(member.id, answer);
        this.#quorum.onAnswer(member.id);
        this.#decide();
      },
      (cause: unknown) => {
        this.#lastFailure = cause;
        this.#late.add(member.id);
        this.#quorum.onFailure(member.id);
        while (!this.#isOver && this.#quorum.missingAsked > 0 && this.#askNext(nowMs));
        this.#decide();
      },
    );
  }

  #decide(): void {
    const { verdict } = this.#quorum;
    if (this.#isOver || verdict === "pending") return;
    if (verdict === "met") {
      if (this.#consulting.size > 0) return;
      this.#isOver = true;
      this.#resolve({ answers: new Map(this.#answers), hints: this.#hints });
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

/** This node before all others. */
function nearestFirst(cluster: Cluster, replicas: readonly Participant[]): Participant[] {
  const rank = ({ id }: Participant): number => (id === cluster.self.id ? 0 : cluster.isUp(id) ? 1 : 2);
  const distance = ({ id }: Participant): number => cluster.distanceTo(id);
  return [...replicas].sort((a, b) => rank(a) - rank(b) || distance(a) - distance(b));
}
