import { expect, test } from "vitest";
import { StoreError } from "../../base/errors.ts";
import type { AnswerReceiver } from "../../replication/replica-calls.ts";
import { CallTraces } from "./call-trace.ts";

const payload = { bytes: new Uint8Array(0), start: 0, end: 0 };

function world() {
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs };
  const traces = new CallTraces();
  const sent: AnswerReceiver[] = [];
  /** As a station sends. */
  const send = (to: string, receiver: AnswerReceiver, refusal?: StoreError) => {
    const take = (told: AnswerReceiver) => {
      if (refusal === undefined) sent.push(told);
      return refusal;
    };
    const trace = traces.current;
    return trace === undefined ? take(receiver) : trace.send(to, 1, receiver, take);
  };
  return { clock, traces, sent, send };
}

const nobody: AnswerReceiver = { onReply: () => undefined, onFailure: () => undefined };

test("notes what one piece of work asks, also by what it is told, and nothing of others", async () => {
  const { clock, traces, sent, send } = world();
  const again: AnswerReceiver = { ...nobody, onReply: () => void send("c", nobody) };
  const { result, trace, end } = traces.begin(clock, async () => {
    send("a", again);
    await Promise.resolve();
    clock.nowMs = 2;
    send("b", nobody);
  });
  await result;
  send("elsewhere", nobody);
  clock.nowMs = 5;
  sent[0]!.onReply({ id: "a" }, payload);
  clock.nowMs = 9;
  sent[1]!.onFailure({ id: "b" }, new StoreError("IO", "unknown", "gone"));
  expect(trace.isComplete).toBe(false);
  expect(trace.calls).toEqual([
    { node: "a", method: 1, startedMs: 0, tookMs: 5, failure: undefined },
    { node: "b", method: 1, startedMs: 2, tookMs: 7, failure: "IO" },
    { node: "c", method: 1, startedMs: 5, tookMs: undefined, failure: undefined },
  ]);
  end();
  send("late", nobody);
  expect(trace.calls).toHaveLength(3);
  expect(traces.current).toBeUndefined();
});

test("what is not even sent has failed at once", () => {
  const { clock, traces, send } = world();
  const refusal = new StoreError("OVERLOADED", "not-applied", "too much");
  const { trace, end } = traces.begin(clock, () => expect(send("a", nobody, refusal)).toBe(refusal));
  expect(trace.calls).toMatchObject([{ tookMs: 0, failure: "OVERLOADED" }]);
  end();
});
