/** What one transaction after the other uses again: few are open at a time, and most are over within a turn. */
import { QueuedCalls } from "./queued-calls.ts";
import { TransactionReplies } from "./transaction-replies.ts";

export class TransactionBuffers<S = never> {
  #spareReplies: TransactionReplies | undefined;
  #spareCalls: QueuedCalls<S> | undefined;

  /** For one EXEC: it may have to wait, and others come meanwhile. Pair it with `giveBackReplies`. */
  takeReplies(bytesMax: number): TransactionReplies {
    const replies = this.#spareReplies ?? new TransactionReplies();
    this.#spareReplies = undefined;
    replies.begin(bytesMax);
    return replies;
  }

  giveBackReplies(replies: TransactionReplies): void {
    this.#spareReplies = replies;
  }

  /** For one transaction. Pair it with `giveBackCalls`. */
  takeCalls(): QueuedCalls<S> {
    const calls = this.#spareCalls ?? new QueuedCalls();
    this.#spareCalls = undefined;
    return calls;
  }

  giveBackCalls(calls: QueuedCalls<S> | undefined): void {
    calls?.clear();
    this.#spareCalls = calls ?? this.#spareCalls;
  }
}
