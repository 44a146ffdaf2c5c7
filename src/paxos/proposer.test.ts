import { expect, test } from "vitest";
import type { AcceptorReply } from "./acceptor.ts";
import { ZERO_BALLOT } from "./ballot.ts";
import { configurationOf } from "./configuration.ts";
import { type Change, Proposer, type ProposerStep } from "./proposer.ts";
import { encode, registerOf } from "./register-world.oracle.ts";

const THREE = ["a", "b", "c"];
const set: Change = () => ({ kind: "set", value: encode({ voters: THREE, log: ["x"] }) });

function create(change: Change): Proposer {
  return new Proposer({
    id: "p",
    register: registerOf(THREE),
    configuration: configurationOf(THREE),
    change,
  });
}

function promised(proposer: Proposer): AcceptorReply {
  return {
    kind: "promised",
    ballot: proposer.highestBallot,
    accepted: { ballot: ZERO_BALLOT, value: undefined },
  };
}

function conflict(proposer: Proposer, counter: number): AcceptorReply {
  return { kind: "conflict", ballot: proposer.highestBallot, promised: { counter, proposer: "q" } };
}

function sent(step: ProposerStep): string {
  return step.kind === "send" ? step.request.kind : step.kind;
}

test("a majority of promises, then a majority of accepts", () => {
  const proposer = create(set);
  expect(sent(proposer.start())).toBe("prepare");
  expect(sent(proposer.onReply("a", promised(proposer)))).toBe("wait");
  expect(sent(proposer.onReply("a", promised(proposer)))).toBe("wait"); // once more is not one more
  expect(sent(proposer.onReply("stranger", promised(proposer)))).toBe("wait");
  expect(sent(proposer.onReply("b", promised(proposer)))).toBe("accept");
  const accepted = { kind: "accepted", ballot: proposer.highestBallot } as const;
  expect(sent(proposer.onReply("c", accepted))).toBe("wait");
  expect(sent(proposer.onReply("a", accepted))).toBe("committed");
});

test("a refused change happened surely not; one that was sent may have", () => {
  const refusing = create(() => ({ kind: "refuse", reason: "no" }));
  refusing.start();
  refusing.onReply("a", promised(refusing));
  expect(refusing.onReply("b", promised(refusing))).toMatchObject({ kind: "refused", reason: "no" });
  expect(refusing.mayHaveHappened).toBe(false);
  const sending = create(set);
  sending.start();
  sending.onReply("a", promised(sending));
  expect(sending.mayHaveHappened).toBe(false);
  sending.onReply("b", promised(sending));
  expect(sending.mayHaveHappened).toBe(true);
});

test("one conflict of three is waited out; two mean a longer and longer pause, and a ballot above", () => {
  const proposer = create(set);
  const pauses = [];
  for (const counter of [7, 17]) {
    proposer.start();
    expect(sent(proposer.onReply("a", conflict(proposer, counter)))).toBe("wait");
    const step = proposer.onReply("b", { ...conflict(proposer, 1), ballot: { counter: 0, proposer: "p" } });
    expect(step.kind).toBe("wait"); // of another attempt
    const last = proposer.onTimeout();
    if (last.kind === "retry") pauses.push(last.pauseMsMax);
    expect(proposer.highestBallot).toEqual({ counter, proposer: "q" });
  }
  expect(pauses).toEqual([20, 40]);
  proposer.start();
  expect(proposer.highestBallot).toEqual({ counter: 18, proposer: "p" });
});

test("a change may not put other acceptors in the place of those that are", () => {
  const proposer = create(() => ({ kind: "set", value: encode({ voters: ["x", "y", "z"], log: [] }) }));
  proposer.start();
  proposer.onReply("a", promised(proposer));
  expect(() => proposer.onReply("b", promised(proposer))).toThrow("keeps the group");
});
