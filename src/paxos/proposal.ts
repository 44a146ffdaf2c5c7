/**
 * Drives one Proposer: sends what it asks for, feeds it the replies, and waits as it says, until its change is committed
 * or refused, or time is up.
 */
import { StoreError } from "../base/errors.ts";
import type { Clock, Random } from "../runtime/runtime.ts";
import type { AcceptorReply, AcceptorRequest } from "./acceptor.ts";
import type { AcceptorId } from "./configuration.ts";
import type { Proposer, ProposerStep } from "./proposer.ts";

export type ProposalResult = Extract<ProposerStep, { readonly kind: "committed" | "refused" }>;

export interface ProposalParts {
  readonly clock: Pick<Clock, "sleep">;
  readonly random: Pick<Random, "below">;
  /** Rejects if there will be no reply. */
  readonly send: (to: AcceptorId, request: AcceptorRequest) => Promise<AcceptorReply>;
  /** For the replies of one attempt. */
  readonly attemptMs: number;
  readonly timeoutMs: number;
}

/**
 * Rejects with StoreError QUORUM_TIMEOUT when time is up: unknown if the change may have been committed, or may yet be.
 * Call once per proposer.
 */
export function carryThrough(proposer: Proposer, parts: ProposalParts): Promise<ProposalResult> {
  return new Promise((resolve, reject) => {
    const { clock, random, send, attemptMs, timeoutMs } = parts;
    let isOver = false;
    const patience = new AbortController();
    /** Of the last attempt: nobody waits for replies to those before, so that waits do not add up where many fail. */
    let attempt = new AbortController();
    const end = (settle: () => void): void => {
      if (isOver) return;
      isOver = true;
      patience.abort();
      attempt.abort();
      settle();
    };
    const later = (delayMs: number, { signal }: AbortController, next: () => void): void => {
      clock.sleep(delayMs, signal).then(
        () => isOver || next(),
        () => undefined, // it is over, or there has been another attempt
      );
    };
    const take = (step: ProposerStep): void => {
      if (isOver) return;
      if (step.kind === "committed" || step.kind === "refused") end(() => resolve(step));
      if (step.kind === "retry")
        later(random.below(step.pauseMsMax + 1), patience, () => take(proposer.start()));
      if (step.kind !== "send") return;
      const { request } = step;
      for (const id of step.to) {
        send(id, request).then(
          (reply) => isOver || take(proposer.onReply(id, reply)),
          () => undefined, // the timeout sees to it
        );
      }
      attempt.abort();
      attempt = new AbortController();
      later(attemptMs, attempt, () => {
        if (proposer.isAt(request.kind, request.ballot)) take(proposer.onTimeout());
      });
    };
    later(timeoutMs, patience, () => {
      const outcome = proposer.mayHaveHappened ? "unknown" : "not-applied";
      const text = `a majority of the members did not agree in ${timeoutMs} ms`;
      end(() => reject(new StoreError("QUORUM_TIMEOUT", outcome, text)));
    });
    take(proposer.start());
  });
}
