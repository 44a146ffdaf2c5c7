/**
 * Requests to other nodes that belong to a trace, at both ends: how they are sent, with what says to which trace, and how they are
 * answered, with what was done for them.
 */
import type { Awaitable } from "../../base/awaitable.ts";
import type { ByteRange } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import type { PayloadWriter } from "../../peer/frame-writer.ts";
import type { Answerer, AnswerReceiver } from "../../replication/replica-calls.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import type { CallTrace, CallTraces, TracedStep } from "./call-trace.ts";
import { methodName } from "./method-name.ts";
import {
  decodeTraced,
  encodeTraceHead,
  TRACED_METHOD,
  takeTrail,
  withTrail,
  writeTrail,
} from "./trace-message.ts";

/** A request as it would be sent without a trace. */
export interface UntracedCall {
  readonly to: NodeId;
  readonly method: number;
  readonly payload: ByteRange;
}

/** The refusal if it is not sent: nobody is told then. */
export type SendRequest = (
  method: number,
  write: (writer: PayloadWriter) => void,
  receiver: AnswerReceiver,
) => StoreError | undefined;

/** How long answers are kept waiting for nobody: those of replicas whom the work itself did not wait for. */
const PATIENCE_MS = 200;

export class TracedCalls {
  /** Nodes of a version that knows no traces. */
  readonly #unaware = new Set<NodeId>();

  /** Sends it by a receiver that stands in for another; what that does next belongs to the trace, too. */
  send(
    trace: CallTrace,
    { to, method, payload }: UntracedCall,
    receiver: AnswerReceiver,
    send: SendRequest,
  ): StoreError | undefined {
    const { step, end } = trace.begin("call", to, method);
    const plain = (told: AnswerReceiver): StoreError | undefined =>
      send(method, (writer) => writer.range(payload.bytes, payload.start, payload.end), told);
    const standIn = new StandIn(trace, receiver, end);
    if (this.#unaware.has(to)) return refused(plain(standIn), end);
    const head = encodeTraceHead(trace.context, step.spanId, method);
    const own = payload.bytes.slice(payload.start, payload.end); // it may have to be sent again
    const again = (): void => {
      this.#unaware.add(to);
      const refusal = send(method, (writer) => writer.bytes(own), standIn);
      if (refusal !== undefined) standIn.onFailure({ id: to }, refusal);
    };
    const write = (writer: PayloadWriter): void => {
      writer.bytes(head);
      writer.bytes(own);
    };
    return refused(send(TRACED_METHOD, write, new Unwrapping(step, standIn, again)), end);
  }
}

function refused(refusal: StoreError | undefined, end: (failure: unknown) => void): StoreError | undefined {
  if (refusal !== undefined) end(refusal);
  return refusal;
}

class StandIn implements AnswerReceiver {
  readonly #trace: CallTrace;
  readonly #receiver: AnswerReceiver;
  readonly #end: (failure: unknown) => void;

  constructor(trace: CallTrace, receiver: AnswerReceiver, end: (failure: unknown) => void) {
    this.#trace = trace;
    this.#receiver = receiver;
    this.#end = end;
  }

  onReply(from: Answerer, payload: ByteRange): void {
    this.#end(undefined);
    this.#trace.within(() => this.#receiver.onReply(from, payload));
  }

  onFailure(from: Answerer, failure: unknown): void {
    this.#end(failure);
    this.#trace.within(() => this.#receiver.onFailure(from, failure));
  }
}

class Unwrapping implements AnswerReceiver {
  readonly #step: TracedStep;
  readonly #receiver: AnswerReceiver;
  readonly #sendPlainly: () => void;

  constructor(step: TracedStep, receiver: AnswerReceiver, sendPlainly: () => void) {
    this.#step = step;
    this.#receiver = receiver;
    this.#sendPlainly = sendPlainly;
  }

  onReply(from: Answerer, payload: ByteRange): void {
    let answer: ByteRange;
    try {
      const taken = takeTrail(payload);
      this.#step.work = taken.work;
      answer = taken.answer;
    } catch (cause) {
      this.#receiver.onFailure(from, cause);
      return;
    }
    this.#receiver.onReply(from, answer);
  }

  onFailure(from: Answerer, failure: unknown): void {
    if (knowsNoTraces(failure)) this.#sendPlainly();
    else this.#receiver.onFailure(from, failure);
  }
}

/** As a door answers a method that it has not. */
function knowsNoTraces(failure: unknown): boolean {
  return (
    failure instanceof StoreError &&
    failure.code === "INVALID_REQUEST" &&
    failure.outcome === "not-applied" &&
    failure.message.includes(`there is no method ${TRACED_METHOD}`)
  );
}

/** Answers a request by what `run` makes of that which is in it. */
export function answerTraced(
  traces: CallTraces,
  range: ByteRange,
  reply: PayloadWriter,
  run: (method: number, payload: ByteRange) => Awaitable<Uint8Array> | undefined,
): Awaitable<Uint8Array> | undefined {
  const { context, method, payload } = decodeTraced(range);
  const { result, trace, end } = traces.begin(methodName(method), context, () => run(method, payload));
  const told = () => (context.wantsSteps ? trace.told() : undefined);
  if (!(result instanceof Promise)) {
    trace.onAnswered(undefined);
    endWhenWhole(trace, end);
    if (result !== undefined) return withTrail(result, told());
    writeTrail(reply, told());
    return undefined;
  }
  return result.then(
    (answer) => {
      trace.onAnswered(undefined);
      endWhenWhole(trace, end);
      return withTrail(answer, told());
    },
    (cause: unknown) => {
      trace.onAnswered(cause);
      endWhenWhole(trace, end);
      throw cause;
    },
  );
}

/** The answer does not wait for it. */
export function endWhenWhole(trace: CallTrace, end: () => void): void {
  if (trace.isWhole) end();
  else void trace.whole(PATIENCE_MS).then(end);
}
