/**
 * One read of a row that this node has, and of which one other replica is asked for the digest only: if that is the same,
 * the row is as two machines have it. Whatever else happens is for a ReadRound.
 *
 * Hot: watched by `bench -- cluster`.
 */
import type { ByteRange } from "../base/bytes.ts";
import type { NodeId } from "../ring/ring-member.ts";
import type { Aged } from "./age-list.ts";
import type { ConsistencyLevel } from "./quorum-need.ts";
import type { Answerer, AnswerReceiver } from "./replica-calls.ts";
import { isDigestAnswer } from "./replica-message.ts";
import type { KeyRef } from "./step.ts";

export interface ReadsOwner {
  /** It has its answer: true if the digest was the same. */
  onOver(read: QuorumRead, isSame: boolean): void;
}

export type RowHere = Pick<QuorumRead, "ref" | "slot" | "level" | "other" | "cell" | "digestEnd">;

export class QuorumRead implements AnswerReceiver, Aged<QuorumRead> {
  older: QuorumRead | undefined;
  newer: QuorumRead | undefined;
  startedMs = 0;
  readonly ref: KeyRef;
  readonly slot: number;
  readonly level: ConsistencyLevel;
  /** Who is asked. */
  readonly other: NodeId;
  /** This node's own: `cell[0, digestEnd)` is its digest. Empty if there is none. */
  readonly cell: Uint8Array;
  readonly digestEnd: number;
  /** Kept when it is over. */
  readonly done: Promise<Uint8Array | undefined>;
  resolve!: (cell: Uint8Array | Promise<Uint8Array | undefined> | undefined) => void;
  readonly #owner: ReadsOwner;
  #isOver = false;

  constructor(owner: ReadsOwner, row: RowHere) {
    this.#owner = owner;
    this.ref = row.ref;
    this.slot = row.slot;
    this.level = row.level;
    this.other = row.other;
    this.cell = row.cell;
    this.digestEnd = row.digestEnd;
    this.done = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  onReply(_: Answerer, payload: ByteRange): void {
    this.end(isDigestAnswer(payload, this.cell, 0, this.digestEnd));
  }

  onFailure(): void {
    this.end(false);
  }

  /** Later answers are nobody's concern. */
  end(isSame: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#owner.onOver(this, isSame);
  }
}
