/**
 * Notes the requests to other nodes that one piece of work makes, whatever else goes on: by the context that Node.js carries
 * along promises. While nobody traces, it costs a look at a number.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { ByteRange } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import type { Answerer, AnswerReceiver } from "../../replication/replica-calls.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import type { Clock } from "../../runtime/runtime.ts";

/** A request to another node. */
export interface TracedCall {
  readonly node: NodeId;
  readonly method: number;
  /** Since the work began. */
  readonly startedMs: number;
  /** Undefined while there is no answer. */
  tookMs: number | undefined;
  /** Why it failed, if it did. */
  failure: string | undefined;
}

export class CallTrace {
  readonly calls: TracedCall[] = [];
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #startedMs: number;
  readonly #again: (work: () => void) => void;

  constructor(clock: Pick<Clock, "monotonicMs">, again: (work: () => void) => void) {
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
    this.#again = again;
  }

  get isComplete(): boolean {
    return this.calls.every(({ tookMs }) => tookMs !== undefined);
  }

  /** A call begins. Returns what is to be told how it ended. */
  begin(node: NodeId, method: number): (failure: unknown) => void {
    const startedMs = this.#clock.monotonicMs() - this.#startedMs;
    const call: TracedCall = { node, method, startedMs, tookMs: undefined, failure: undefined };
    this.calls.push(call);
    return (failure) => {
      call.tookMs = this.#clock.monotonicMs() - this.#startedMs - startedMs;
      if (failure !== undefined)
        call.failure = failure instanceof StoreError ? failure.code : String(failure);
    };
  }

  /** Sends by a receiver that stands in for another; what that does next belongs to the trace, too. */
  send(
    node: NodeId,
    method: number,
    receiver: AnswerReceiver,
    send: (told: AnswerReceiver) => StoreError | undefined,
  ): StoreError | undefined {
    const end = this.begin(node, method);
    const refusal = send(this.#standIn(receiver, end));
    if (refusal !== undefined) end(refusal);
    return refusal;
  }

  #standIn(receiver: AnswerReceiver, end: (failure: unknown) => void): AnswerReceiver {
    return {
      onReply: (from: Answerer, payload: ByteRange) => {
        end(undefined);
        this.#again(() => receiver.onReply(from, payload));
      },
      onFailure: (from: Answerer, failure: unknown) => {
        end(failure);
        this.#again(() => receiver.onFailure(from, failure));
      },
    };
  }
}

export class CallTraces {
  readonly #storage = new AsyncLocalStorage<CallTrace>();
  #active = 0;

  /** The trace that what runs now belongs to. Hot. */
  get current(): CallTrace | undefined {
    return this.#active === 0 ? undefined : this.#storage.getStore();
  }

  /** Runs the work under a new trace, which goes on until `end` is called. */
  begin<T>(
    clock: Pick<Clock, "monotonicMs">,
    work: () => T,
  ): { result: T; trace: CallTrace; end: () => void } {
    const trace: CallTrace = new CallTrace(clock, (again) => this.#storage.run(trace, again));
    this.#active++;
    const end = (): void => {
      if (--this.#active === 0) this.#storage.disable(); // or it would go on to cost every promise something
    };
    return { result: this.#storage.run(trace, work), trace, end };
  }
}
