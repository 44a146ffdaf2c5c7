/** Changes of the acceptors that end half-way, told step by step: ADR 0006. */
import { expect, test } from "vitest";
import { type AcceptorState, acceptorStep, EMPTY_ACCEPTOR } from "./acceptor.ts";
import { configurationOf } from "./configuration.ts";
import { type Change, Proposer, type ProposerStep } from "./proposer.ts";
import { decode, encode, registerOf } from "./register-world.oracle.ts";

const OLD = ["a", "b", "c"];
const NEW = ["x", "y", "z"];

class Stage {
  readonly #states = new Map<string, AcceptorState>();
  #proposers = 0;

  /**
   * Runs one proposer; its n-th request reaches only the acceptors of `reached[n]`, in that order. Ends when it has nothing
   * more to do, or no request of its own gets on. Returns its last step.
   */
  propose(change: Change, believed: readonly string[], ...reached: readonly string[]): ProposerStep {
    const register = registerOf(OLD);
    const configuration = configurationOf(believed);
    const id = `p${this.#proposers++}`;
    // High enough not to be in anybody's way, so that each act goes as it is told.
    const above = { counter: 10 * this.#proposers, proposer: id };
    const proposer = new Proposer({ id, register, configuration, change, above });
    let step = proposer.start();
    for (const names of reached) {
      if (step.kind !== "send") return step;
      const { request, to } = step;
      for (const name of names) {
        if (!to.includes(name)) continue;
        const { state, reply } = acceptorStep(this.#states.get(name) ?? EMPTY_ACCEPTOR, request);
        this.#states.set(name, state);
        const next = proposer.onReply(name, reply);
        if (next.kind === "wait") continue;
        step = next;
        break;
      }
    }
    return step;
  }
}

const move: Change = () => ({ kind: "set", value: encode({ voters: OLD, next: NEW, log: ["move"] }) });
const append =
  (name: string): Change =>
  (value) => {
    const { voters, log } = value === undefined ? { voters: OLD, log: [] } : decode(value);
    return { kind: "set", value: encode({ voters, log: [...log, name] }) };
  };

test("a move that the old acceptors have not chosen is not finished: the new alone must not go on", () => {
  const stage = new Stage();
  stage.propose(move, OLD, "abc", "cxy"); // reaches a majority of the new, and one of the old
  stage.propose(append("later"), OLD, "bc", "bcxy", "xy"); // finds it, and gets no further with the old
  const ofNew = stage.propose(append("new"), NEW, "xy", "xy", "xy");
  const ofOld = stage.propose(append("old"), OLD, "ab", "ab");
  expect([ofNew.kind, ofOld.kind]).not.toEqual(["committed", "committed"]);
  expect(ofOld.kind).toBe("committed");
});

test("a move is confirmed, finished, and only then built upon; who knows only the old acceptors learns of the new", () => {
  const stage = new Stage();
  const everyone = "abcxyz";
  expect(stage.propose(move, OLD, everyone, everyone).kind).toBe("committed");
  // Prepares under the old and under both; confirms; prepares and finishes; prepares under the new, and accepts.
  const calls = [everyone, everyone, everyone, everyone, everyone, everyone, everyone];
  const last = stage.propose(append("next"), OLD, ...calls);
  expect(last).toMatchObject({ kind: "committed", value: encode({ voters: NEW, log: ["move", "next"] }) });
  expect(stage.propose(append("x"), OLD, "abc", "abc", "abc").kind).not.toBe("committed");
  expect(stage.propose(append("y"), OLD, "bc", "xz", "xz").kind).toBe("committed");
});
