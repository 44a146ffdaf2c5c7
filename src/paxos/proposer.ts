/**
 * Proposer: carries one change of a CASPaxos register through. Pure: its driver sends what it asks for, feeds it the
 * replies, and waits as long as it says.
 * Source: Rystsov 2018, arXiv:1802.07000, section 2.2.
 *
 *   prepare --majority--> change(value of the highest accepted ballot) --accept--> majority: committed
 *      ^                                                                  |
 *      +---- retry: after a pause, with a higher ballot <--- conflict or timeout
 *
 * `change` must be pure: it may run once per attempt, and each time sees a value that may be committed already by
 * this very proposal, if an earlier attempt went through unseen. So a change should compare before it sets; a topology
 * compares its epoch.
 *
 * The acceptors are named by the value itself (Register), and may change. So a prepare under other acceptors than the value
 * it finds names is repeated under those. A value that names two groups is under way: it is first written again as it
 * is, by a majority of both, and then, known to be chosen, finished, by a majority of both; only then is it
 * changed. ADR 0006 says why that is safe.
 *
 * Outcome: until the first accept request has left, a failure means that nothing happened; after it, that it may have,
 * and may yet.
 */
import { assert } from "../base/assert.ts";
import { equalBytes } from "../base/bytes.ts";
import type { Accepted, AcceptorReply, AcceptorRequest } from "./acceptor.ts";
import { type Ballot, compareBallots, nextBallot, ZERO_BALLOT } from "./ballot.ts";
import {
  type AcceptorId,
  acceptorsOf,
  type Configuration,
  isQuorum,
  sameConfiguration,
  sameGroup,
} from "./configuration.ts";

/** What to make of the present value. "keep" reads: the value is written again as it is, which makes the read safe. */
export type Change = (value: Uint8Array | undefined) => ChangeResult;

export type ChangeResult =
  | { readonly kind: "set"; readonly value: Uint8Array }
  | { readonly kind: "keep" }
  | { readonly kind: "refuse"; readonly reason: string };

/** What a value says about its acceptors. Both functions are pure. */
export interface Register {
  /** Of no value: those that the register begins with. A change may replace one group by that group and a second. */
  configurationOf(value: Uint8Array | undefined): Configuration;
  /** The value without the first of its two groups, and so different from it. */
  finish(value: Uint8Array): Uint8Array;
}

export type ProposerStep =
  | { readonly kind: "send"; readonly to: readonly AcceptorId[]; readonly request: AcceptorRequest }
  | { readonly kind: "wait" }
  /** Wait between 0 and `pauseMsMax`, by chance, then call `start` again. */
  | { readonly kind: "retry"; readonly pauseMsMax: number }
  | { readonly kind: "committed"; readonly value: Uint8Array | undefined }
  | { readonly kind: "refused"; readonly reason: string; readonly value: Uint8Array | undefined };

export interface ProposerSettings {
  readonly pauseMsMin: number;
  readonly pauseMsMax: number;
}

export const DEFAULT_PROPOSER_SETTINGS: ProposerSettings = { pauseMsMin: 10, pauseMsMax: 2_000 };

const WAIT: ProposerStep = { kind: "wait" };

export class Proposer {
  readonly #id: string;
  readonly #register: Register;
  readonly #change: Change;
  readonly #settings: ProposerSettings;
  #configuration: Configuration;
  /** What the accept under way is for. */
  #intent: "change" | "confirm" | "finish" = "change";
  /** A value of two groups, known to be chosen. */
  #confirmed: Uint8Array | undefined;
  #phase: "idle" | "prepare" | "accept" | "done" = "idle";
  #ballot = ZERO_BALLOT;
  #highest = ZERO_BALLOT;
  #attempts = 0;
  #mayHaveHappened = false;
  #agreeing = new Set<AcceptorId>();
  #refusing = new Set<AcceptorId>();
  #accepted: Accepted = { ballot: ZERO_BALLOT, value: undefined };
  #value: Uint8Array | undefined;

  /** Requires: `id` names this one life of this proposer (Ballot), used by no other Proposer at the same time. */
  constructor(options: {
    readonly id: string;
    readonly register: Register;
    /** The acceptors as far as is known; may be out of date. */
    readonly configuration: Configuration;
    readonly change: Change;
    readonly settings?: ProposerSettings;
    /** The highest ballot seen: spares a conflict, and a restarted proposer one of its own. */
    readonly above?: Ballot;
  }) {
    this.#id = options.id;
    this.#register = options.register;
    this.#configuration = options.configuration;
    this.#change = options.change;
    this.#settings = options.settings ?? DEFAULT_PROPOSER_SETTINGS;
    this.#highest = options.above ?? ZERO_BALLOT;
  }

  /** The highest ballot seen: pass it on as `above`. */
  get highestBallot(): Ballot {
    return this.#highest;
  }

  /** Whether giving up now would leave it unknown if the change took effect. */
  get mayHaveHappened(): boolean {
    return this.#mayHaveHappened;
  }

  /** Whether the request of that kind and ballot is the one under way: or else its timeout means nothing any more. */
  isAt(kind: "prepare" | "accept", ballot: Ballot): boolean {
    return this.#phase === kind && compareBallots(ballot, this.#ballot) === 0;
  }

  /** Begins an attempt. */
  start(): ProposerStep {
    assert(this.#phase !== "done", "a proposal that is over is not started again");
    this.#attempts++;
    this.#ballot = nextBallot(this.#highest, this.#id);
    this.#highest = this.#ballot;
    this.#accepted = { ballot: ZERO_BALLOT, value: undefined };
    return this.#enter("prepare", { kind: "prepare", ballot: this.#ballot });
  }

  /** Replies to earlier attempts, and to no attempt at all, are ignored. */
  onReply(from: AcceptorId, reply: AcceptorReply): ProposerStep {
    if (reply.kind === "conflict" && compareBallots(reply.promised, this.#highest) > 0) {
      this.#highest = reply.promised;
    }
    const isMine = compareBallots(reply.ballot, this.#ballot) === 0;
    if (!isMine || !acceptorsOf(this.#configuration).includes(from)) return WAIT;
    if (this.#phase === "prepare" && reply.kind === "promised") return this.#onPromise(from, reply.accepted);
    if (this.#phase === "accept" && reply.kind === "accepted") return this.#onAccepted(from);
    if (reply.kind === "conflict" && (this.#phase === "prepare" || this.#phase === "accept")) {
      return this.#onRefusal(from);
    }
    return WAIT;
  }

  /** The driver has waited long enough for the replies of this attempt. */
  onTimeout(): ProposerStep {
    return this.#phase === "prepare" || this.#phase === "accept" ? this.#retry() : WAIT;
  }

  #onPromise(from: AcceptorId, accepted: Accepted): ProposerStep {
    this.#agreeing.add(from);
    if (compareBallots(accepted.ballot, this.#accepted.ballot) > 0) this.#accepted = accepted;
    if (!isQuorum(this.#configuration, this.#agreeing)) return WAIT;
    const { value } = this.#accepted;
    const governing = this.#register.configurationOf(value);
    if (!sameConfiguration(governing, this.#configuration)) {
      this.#configuration = governing;
      return this.start();
    }
    return governing.groups.length > 1 ? this.#settleGroups(value!) : this.#propose(value);
  }

  /** A change of acceptors that somebody began must be chosen before it is finished, and finished before anything else. */
  #settleGroups(value: Uint8Array): ProposerStep {
    const isConfirmed = this.#confirmed !== undefined && equalBytes(this.#confirmed, value);
    this.#intent = isConfirmed ? "finish" : "confirm";
    this.#value = isConfirmed ? this.#register.finish(value) : value;
    return this.#enter("accept", { kind: "accept", ballot: this.#ballot, value: this.#value });
  }

  #propose(value: Uint8Array | undefined): ProposerStep {
    const result = this.#change(value);
    if (result.kind === "refuse") {
      this.#phase = "done";
      return { kind: "refused", reason: result.reason, value };
    }
    this.#intent = "change";
    this.#value = result.kind === "set" ? result.value : value;
    if (result.kind === "set") this.#mayHaveHappened = true;
    const next = this.#register.configurationOf(this.#value);
    const isFollowing = sameGroup(next.groups[0]!, this.#configuration.groups[0]!) && next.groups.length <= 2;
    assert(isFollowing, "a change keeps the group of acceptors, or adds a second");
    this.#configuration = next;
    return this.#enter("accept", { kind: "accept", ballot: this.#ballot, value: this.#value });
  }

  #onAccepted(from: AcceptorId): ProposerStep {
    this.#agreeing.add(from);
    if (!isQuorum(this.#configuration, this.#agreeing)) return WAIT;
    if (this.#intent === "change") {
      this.#phase = "done";
      return { kind: "committed", value: this.#value };
    }
    if (this.#intent === "confirm") this.#confirmed = this.#value;
    else this.#configuration = this.#register.configurationOf(this.#value);
    return this.start();
  }

  /** One refusal may be of a straggler's making: only when no quorum is left is the attempt over. */
  #onRefusal(from: AcceptorId): ProposerStep {
    this.#refusing.add(from);
    const rest = acceptorsOf(this.#configuration).filter((id) => !this.#refusing.has(id));
    return isQuorum(this.#configuration, new Set(rest)) ? WAIT : this.#retry();
  }

  #retry(): ProposerStep {
    this.#phase = "idle";
    const { pauseMsMin, pauseMsMax } = this.#settings;
    return {
      kind: "retry",
      pauseMsMax: Math.min(pauseMsMax, pauseMsMin * 2 ** Math.min(this.#attempts, 20)),
    };
  }

  #enter(phase: "prepare" | "accept", request: AcceptorRequest): ProposerStep {
    this.#phase = phase;
    this.#agreeing = new Set();
    this.#refusing = new Set();
    return { kind: "send", to: acceptorsOf(this.#configuration), request };
  }
}
