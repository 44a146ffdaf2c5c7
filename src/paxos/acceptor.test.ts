import { expect, test } from "vitest";
import { type AcceptorState, acceptorStep, EMPTY_ACCEPTOR } from "./acceptor.ts";

const ballot = (counter: number, proposer = "p") => ({ counter, proposer });
const VALUE = Uint8Array.of(1);

function after(...requests: readonly Parameters<typeof acceptorStep>[1][]): AcceptorState {
  return requests.reduce((state, request) => acceptorStep(state, request).state, EMPTY_ACCEPTOR);
}

test("a promise tells what was accepted last", () => {
  const state = after({ kind: "accept", ballot: ballot(2), value: VALUE });
  const { reply } = acceptorStep(state, { kind: "prepare", ballot: ballot(3) });
  expect(reply).toEqual({
    kind: "promised",
    ballot: ballot(3),
    accepted: { ballot: ballot(2), value: VALUE },
  });
});

test("after a promise nothing lower is promised or accepted, and the state stays as it is", () => {
  const state = after({ kind: "prepare", ballot: ballot(3, "q") });
  for (const request of [
    { kind: "prepare", ballot: ballot(2) },
    { kind: "prepare", ballot: ballot(3, "q") },
    { kind: "accept", ballot: ballot(3, "p"), value: VALUE },
  ] as const) {
    const stepped = acceptorStep(state, request);
    expect(stepped.reply).toEqual({ kind: "conflict", ballot: request.ballot, promised: ballot(3, "q") });
    expect(stepped.state).toBe(state);
  }
});

test("an accept may come again, and counts as a promise", () => {
  const accept = { kind: "accept", ballot: ballot(2), value: VALUE } as const;
  const state = after(accept);
  expect(acceptorStep(state, accept).reply.kind).toBe("accepted");
  expect(acceptorStep(state, { kind: "prepare", ballot: ballot(1) }).reply.kind).toBe("conflict");
});
