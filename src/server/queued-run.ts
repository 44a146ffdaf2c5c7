/** Runs the calls of a transaction one by one, those that have a shortcut by it where that may be. Hot: watched by `bench -- transactions`. */
import type { Keyspaces } from "../membership/keyspaces.ts";
import { Request } from "../resp/request.ts";
import { type Answer, type FastPath, NO_REPLY } from "./command-shape.ts";
import type { Call, CommandEntry } from "./command-table.ts";
import type { QueuedCalls } from "./queued-calls.ts";
import type { TransactionReplies } from "./transaction-replies.ts";

/** A call of more arguments is timed by itself. */
const ARGUMENTS_TIMED_TOGETHER_MAX = 64;

export interface QueuedRunHost<S> {
  readonly allowsFastPaths: boolean;
  readonly keyspaces: Keyspaces;
  countFastCall(entry: CommandEntry<S>): void;
  readonly dispatcher: {
    call(session: S, call: Call<S>): Answer | Promise<Answer>;
    fail(entry: CommandEntry<S>, cause: unknown): Answer;
  };
}

export class QueuedRun<S extends { readonly isPlain: boolean; readonly protocol: 2 | 3 }> {
  readonly #host: QueuedRunHost<S>;
  readonly #request = new Request();

  constructor(host: QueuedRunHost<S>) {
    this.#host = host;
  }

  /** Runs call number i. With `replies` it may work on its keys in place; NO_REPLY then, if the reply stands there. */
  callAt(
    session: S,
    calls: QueuedCalls<S>,
    i: number,
    replies: TransactionReplies | undefined,
  ): Answer | Promise<Answer> {
    const entry = calls.entryAt(i);
    const isFree = session.isPlain && this.#host.allowsFastPaths && !entry.mayExpire(this.#host);
    const mayBeFast = isFree && replies?.hasRoom === true;
    if (mayBeFast && entry.fastPath !== undefined && calls.argCountAt(i) <= ARGUMENTS_TIMED_TOGETHER_MAX) {
      calls.into(i, this.#request);
      const answer = this.#answer(session, entry, entry.fastPath, replies);
      if (answer !== undefined) return answer;
    }
    return this.#host.dispatcher.call(session, calls.at(i));
  }

  /** Undefined, with nothing done, if the general way must answer. */
  #answer(
    session: S,
    entry: CommandEntry<S>,
    fastPath: FastPath<S>,
    replies: TransactionReplies,
  ): Answer | Promise<Answer> | undefined {
    const { dispatcher } = this.#host;
    try {
      const answer = fastPath(session, this.#request, replies.writerFor(session.protocol));
      if (answer === false) return undefined;
      this.#host.countFastCall(entry);
      if (answer !== true) return answer.catch((cause) => dispatcher.fail(entry, cause));
      replies.noteWritten();
      return NO_REPLY;
    } catch (cause) {
      return dispatcher.fail(entry, cause);
    }
  }
}
