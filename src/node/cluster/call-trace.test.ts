import { expect, test } from "vitest";
import { StoreError } from "../../base/errors.ts";
import { FRAME_KIND, HEADER_BYTES } from "../../peer/frame.ts";
import { FrameWriter } from "../../peer/frame-writer.ts";
import type { AnswerReceiver } from "../../replication/replica-calls.ts";
import { SimRandom } from "../../sim/sim-random.ts";
import { CallTraces } from "./call-trace.ts";
import { newTrace, parseTraceparent } from "./trace-context.ts";
import { TRACED_METHOD } from "./trace-message.ts";
import { answerTraced, TracedCalls } from "./traced-calls.ts";

const PAYLOAD = { bytes: Buffer.from("..ask.."), start: 2, end: 5 };
const nobody: AnswerReceiver = { onReply: () => undefined, onFailure: () => undefined };

interface Sent {
  readonly method: number;
  readonly bytes: Uint8Array;
  readonly receiver: AnswerReceiver;
}

function world(name: string) {
  const clock = {
    nowMs: 0,
    monotonicMs: () => clock.nowMs,
    sleep: () => new Promise<void>(() => undefined),
  };
  const random = new SimRandom(name);
  const traces = new CallTraces({ clock, random });
  const calls = new TracedCalls();
  const sent: Sent[] = [];
  /** As a station sends. */
  const send = (to: string, receiver: AnswerReceiver, refusal?: StoreError) => {
    const trace = traces.current;
    if (trace === undefined) return undefined;
    return calls.send(trace, { to, method: 1, payload: PAYLOAD }, receiver, (method, write, told) => {
      const writer = new FrameWriter();
      writer.begin(FRAME_KIND.request, method, 1);
      write(writer);
      writer.end();
      if (refusal === undefined)
        sent.push({ method, bytes: writer.view().slice(HEADER_BYTES), receiver: told });
      return refusal;
    });
  };
  const begin = <T>(work: () => T, wants = { isSampled: false, wantsSteps: true }) =>
    traces.begin("test", newTrace(random, wants), work);
  return { clock, traces, sent, send, begin };
}

function rangeOf(bytes: Uint8Array) {
  return { bytes, start: 0, end: bytes.length };
}

/** An answer without steps. */
const ANSWER = rangeOf(Buffer.from("answer\0\0\0\0"));

test("notes what one piece of work asks, also by what it is told, and nothing of others", async () => {
  const { clock, traces, sent, send, begin } = world("calls");
  const again: AnswerReceiver = { ...nobody, onReply: () => void send("c", nobody) };
  const { result, trace, end } = begin(async () => {
    send("a", again);
    await Promise.resolve();
    clock.nowMs = 2;
    send("b", nobody);
  });
  await result;
  send("elsewhere", nobody);
  clock.nowMs = 5;
  sent[0]!.receiver.onReply({ id: "a" }, ANSWER);
  clock.nowMs = 9;
  sent[1]!.receiver.onFailure({ id: "b" }, new StoreError("IO", "unknown", "gone"));
  expect(trace.isWhole).toBe(false);
  expect(trace.steps).toMatchObject([
    { node: "a", method: 1, startedMs: 0, tookMs: 5, failure: undefined },
    { node: "b", method: 1, startedMs: 2, tookMs: 7, failure: "IO" },
    { node: "c", method: 1, startedMs: 5, tookMs: undefined, failure: undefined },
  ]);
  end();
  send("late", nobody);
  expect(trace.steps).toHaveLength(3);
  expect(traces.current).toBeUndefined();
});

test("what is not even sent has failed at once", () => {
  const { send, begin } = world("refused");
  const refusal = new StoreError("OVERLOADED", "not-applied", "too much");
  const { trace, end } = begin(() => expect(send("a", nobody, refusal)).toBe(refusal));
  expect(trace.steps).toMatchObject([{ tookMs: 0, failure: "OVERLOADED" }]);
  end();
});

test("what another node does for a step is of one trace with it, and is told of", async () => {
  const [here, there] = [world("here"), world("there")];
  const heard: string[] = [];
  const receiver: AnswerReceiver = {
    ...nobody,
    onReply: (_, { bytes, start, end }) => heard.push(Buffer.from(bytes.subarray(start, end)).toString()),
  };
  const { trace } = here.begin(() => here.send("b", receiver));
  const { method, bytes, receiver: told } = here.sent[0]!;
  expect(method).toBe(TRACED_METHOD);
  const exported: string[] = [];
  there.traces.onSampled = ({ spanId }) => exported.push(spanId);
  const writer = new FrameWriter();
  const answering = answerTraced(there.traces, rangeOf(bytes), writer, async (inner, payload) => {
    expect([inner, Buffer.from(payload.bytes.subarray(payload.start, payload.end)).toString()]).toEqual([
      1,
      "ask",
    ]);
    const { context } = there.traces.current!;
    expect([context.traceId, context.parentId]).toEqual([trace.context.traceId, trace.steps[0]!.spanId]);
    const { end } = there.traces.current!.begin("disk");
    there.clock.nowMs = 3;
    end(undefined);
    return Buffer.from("done");
  });
  told.onReply({ id: "b" }, rangeOf((await answering)!));
  expect(heard).toEqual(["done"]);
  expect(trace.steps[0]!.work).toMatchObject({ tookUs: 3_000, steps: [{ kind: "disk", tookUs: 3_000 }] });
  expect(there.traces.current).toBeUndefined();
  expect(exported).toEqual([]);
});

test("an answer that is written in place has its trail behind it, and one that fails ends its trace", () => {
  const [here, there] = [world("here"), world("there")];
  const wants = { isSampled: true, wantsSteps: false };
  const exported: (string | undefined)[] = [];
  there.traces.onSampled = ({ failure }) => exported.push(failure);
  const heard: string[] = [];
  const receiver: AnswerReceiver = {
    ...nobody,
    onReply: (_, { bytes, start, end }) => heard.push(Buffer.from(bytes.subarray(start, end)).toString()),
  };
  here.begin(() => here.send("b", receiver), wants);
  const { bytes, receiver: told } = here.sent[0]!;
  const writer = new FrameWriter();
  void answerTraced(there.traces, rangeOf(bytes), writer, () => {
    writer.bytes(Buffer.from("at once"));
    return undefined;
  });
  told.onReply({ id: "b" }, rangeOf(writer.buffer.slice(0, writer.length)));
  expect(heard).toEqual(["at once"]);
  const refuse = () => {
    throw new StoreError("STALE_PLAN", "not-applied", "old");
  };
  expect(() => answerTraced(there.traces, rangeOf(bytes), writer, refuse)).toThrow("old");
  expect(exported).toEqual([undefined, "STALE_PLAN"]);
  expect(there.traces.current).toBeUndefined();
});

test("a node that knows no traces is asked again without, and no more with", () => {
  const { sent, send, begin } = world("unaware");
  const heard: string[] = [];
  const receiver: AnswerReceiver = {
    onReply: (_, { bytes, start, end }) => heard.push(Buffer.from(bytes.subarray(start, end)).toString()),
    onFailure: (_, failure) => heard.push(String(failure)),
  };
  const { trace } = begin(() => send("old", receiver));
  const unknown = new StoreError(
    "INVALID_REQUEST",
    "not-applied",
    `node old: there is no method ${TRACED_METHOD}`,
  );
  sent[0]!.receiver.onFailure({ id: "old" }, unknown);
  expect(sent[1]).toMatchObject({ method: 1, bytes: new Uint8Array(Buffer.from("ask")) });
  sent[1]!.receiver.onReply({ id: "old" }, rangeOf(Buffer.from("answer")));
  trace.within(() => send("old", receiver));
  expect(sent[2]!.method).toBe(1);
  sent[2]!.receiver.onFailure({ id: "old" }, unknown);
  expect(heard).toEqual(["answer", String(unknown)]);
});

test("a traceparent is what the standard says, or none", () => {
  const ids = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";
  const [traceId, parentId] = ids.split("-");
  expect(parseTraceparent(`00-${ids}-01`)).toEqual({ traceId, parentId, isSampled: true, wantsSteps: false });
  expect(parseTraceparent(`00-${ids}-00`)?.isSampled).toBe(false);
  expect(parseTraceparent(`cc-${ids}-03-more`)?.isSampled).toBe(true);
  for (const wrong of [
    `ff-${ids}-01`,
    `00-${ids}-01-more`,
    `00-${ids}`,
    `00-${ids.toUpperCase()}-01`,
    "",
    "x",
  ])
    expect(parseTraceparent(wrong), wrong).toBeUndefined();
  expect(parseTraceparent(`00-${"0".repeat(32)}-${parentId}-01`)).toBeUndefined();
  expect(parseTraceparent(`00-${traceId}-${"0".repeat(16)}-01`)).toBeUndefined();
});
