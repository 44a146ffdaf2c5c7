/**
 * MULTI: the calls a session has queued, and what it watches.
 *
 * Invariant: a transaction whose queue was refused an entry never runs (EXECABORT), and neither does one whose
 * watched keys changed in any way since WATCH (a null reply).
 */
import { failure, type Reply, simple } from "../resp/reply.ts";
import type { Call } from "./dispatcher.ts";

const RUNS_AT_ONCE = new Set(["exec", "discard", "multi", "watch", "quit", "reset"]);

export class Transaction {
  readonly calls: Call[] = [];
  #isSpoilt = false;
  #queuedBytes = 0;

  /** True once a command was refused while queueing. */
  get isSpoilt(): boolean {
    return this.#isSpoilt;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** False for the commands that end or describe the transaction itself. */
  queues(call: Call): boolean {
    return !RUNS_AT_ONCE.has(call.entry.command.name);
  }

  enqueue(call: Call): Reply {
    this.calls.push(call);
    for (const arg of call.args) this.#queuedBytes += arg.length;
    return simple("QUEUED");
  }

  spoil(): void {
    this.#isSpoilt = true;
  }
}

export const EXEC_ABORTED: Reply = failure("EXECABORT Transaction discarded because of previous errors.");
