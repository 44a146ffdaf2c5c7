/**
 * A register, its acceptors and some proposers on a network that loses, delays, reorders and repeats messages, with
 * acceptors that crash and come back; and what must hold of its history. For tests.
 */
import type { Random } from "../runtime/runtime.ts";
import {
  type AcceptorReply,
  type AcceptorRequest,
  type AcceptorState,
  acceptorStep,
  EMPTY_ACCEPTOR,
} from "./acceptor.ts";
import { type AcceptorId, type Configuration, configurationOf } from "./configuration.ts";
import { type Change, Proposer, type ProposerStep, type Register } from "./proposer.ts";

export interface Document {
  readonly voters: readonly AcceptorId[];
  readonly next?: readonly AcceptorId[];
  /** Names of the operations that took effect, in order: its length is the version. */
  readonly log: readonly string[];
}

export const decode = (value: Uint8Array): Document => JSON.parse(Buffer.from(value).toString());
export const encode = (document: Document): Uint8Array =>
  Uint8Array.from(Buffer.from(JSON.stringify(document)));

export function registerOf(initial: readonly AcceptorId[]): Register {
  return {
    configurationOf(value) {
      if (value === undefined) return configurationOf(initial);
      const { voters, next } = decode(value);
      return next === undefined ? configurationOf(voters) : configurationOf(voters, next);
    },
    finish(value) {
      const { next, log } = decode(value);
      return encode({ voters: next!, log });
    },
  };
}

export interface Operation {
  readonly name: string;
  readonly startedAtMs: number;
  endedAtMs?: number;
  log?: readonly string[];
}

export interface WorldSettings {
  readonly initial: readonly AcceptorId[];
  /** A broken variant puts another step here. */
  readonly step?: typeof acceptorStep;
  /** What of its state an acceptor has after a crash; all of it, if it is sound. */
  readonly recover?: (state: AcceptorState) => AcceptorState;
  readonly lossPercent: number;
  readonly crashPercent: number;
}

/** Of most messages; some are late by ten times that. */
const DELAY_MS_MAX = 20;
const TIMEOUT_MS = 60;

interface Event {
  readonly atMs: number;
  readonly fire: () => void;
}

export class RegisterWorld {
  readonly operations: Operation[] = [];
  readonly #random: Random;
  readonly #settings: WorldSettings;
  readonly #register: Register;
  readonly #states = new Map<AcceptorId, AcceptorState>();
  readonly #events: Event[] = [];
  #nowMs = 0;
  #proposers = 0;

  constructor(random: Random, settings: WorldSettings) {
    this.#random = random;
    this.#settings = settings;
    this.#register = registerOf(settings.initial);
  }

  /** Appends the operation's name, and moves to `voters` if given and no other move is under way. */
  submit(
    name: string,
    configuration: Configuration,
    voters?: (now: readonly AcceptorId[]) => readonly AcceptorId[],
  ): void {
    const change: Change = (value) => {
      const now: Document = value === undefined ? { voters: this.#settings.initial, log: [] } : decode(value);
      if (now.log.includes(name)) return { kind: "keep" };
      const wanted = voters?.(now.voters);
      const log = [...now.log, name];
      const document =
        wanted === undefined ? { voters: now.voters, log } : { voters: now.voters, next: wanted, log };
      return { kind: "set", value: encode(document) };
    };
    const id = `p${this.#proposers++}`;
    const operation: Operation = { name, startedAtMs: this.#nowMs };
    this.operations.push(operation);
    const proposer = new Proposer({ id, register: this.#register, configuration, change });
    this.#after(0, () => this.#obey(proposer, proposer.start(), operation));
  }

  /** Runs until nothing is under way, or that time has come. */
  run(untilMs: number): void {
    for (;;) {
      const next = this.#events.reduce((least, { atMs }, i, all) => (atMs < all[least]!.atMs ? i : least), 0);
      if (this.#events.length === 0 || this.#events[next]!.atMs > untilMs) break;
      const [event] = this.#events.splice(next, 1);
      this.#nowMs = event!.atMs;
      event!.fire();
    }
    this.#nowMs = untilMs;
  }

  #after(delayMs: number, fire: () => void): void {
    this.#events.push({ atMs: this.#nowMs + delayMs, fire });
  }

  #delayMs(): number {
    return 1 + this.#random.below(this.#random.below(10) === 0 ? 10 * DELAY_MS_MAX : DELAY_MS_MAX);
  }

  #obey(proposer: Proposer, step: ProposerStep, operation: Operation): void {
    if (step.kind === "send") this.#send(proposer, step.to, step.request, operation);
    if (step.kind === "retry") {
      const pauseMs = this.#random.below(step.pauseMsMax);
      this.#after(pauseMs, () => this.#obey(proposer, proposer.start(), operation));
    }
    if (step.kind === "committed") {
      operation.endedAtMs = this.#nowMs;
      operation.log = step.value === undefined ? [] : decode(step.value).log;
    }
  }

  #send(proposer: Proposer, to: readonly AcceptorId[], request: AcceptorRequest, operation: Operation): void {
    const deliver = (from: AcceptorId, reply: AcceptorReply): void =>
      this.#obey(proposer, proposer.onReply(from, reply), operation);
    for (const id of to) {
      for (let copies = this.#copies(); copies > 0; copies--) {
        this.#after(this.#delayMs(), () => {
          const reply = this.#accept(id, request);
          for (let again = this.#copies(); again > 0; again--) {
            this.#after(this.#delayMs(), () => deliver(id, reply));
          }
        });
      }
    }
    const { kind, ballot } = request;
    this.#after(TIMEOUT_MS, () => {
      if (proposer.isAt(kind, ballot)) this.#obey(proposer, proposer.onTimeout(), operation);
    });
  }

  #accept(id: AcceptorId, request: AcceptorRequest): AcceptorReply {
    const { step = acceptorStep, recover = (state: AcceptorState) => state, crashPercent } = this.#settings;
    let state = this.#states.get(id) ?? EMPTY_ACCEPTOR;
    if (this.#random.below(100) < crashPercent) state = recover(state);
    const stepped = step(state, request);
    this.#states.set(id, stepped.state);
    return stepped.reply;
  }

  #copies(): number {
    const chance = this.#random.below(100);
    if (chance < this.#settings.lossPercent) return 0;
    return chance >= 90 ? 2 : 1;
  }
}

/** What is wrong with the history, if anything. */
export function findFault(operations: readonly Operation[]): string | undefined {
  const done = operations.filter(({ log }) => log !== undefined);
  for (const a of done) {
    if (!a.log!.includes(a.name)) return `${a.name} is not in what it committed`;
    if (new Set(a.log!).size !== a.log!.length) return `${a.name} committed something twice`;
    for (const b of done) {
      const length = Math.min(a.log!.length, b.log!.length);
      for (let version = 0; version < length; version++) {
        if (a.log![version] !== b.log![version]) return `two values of version ${version + 1}`;
      }
      const isAfter = a.endedAtMs! < b.startedAtMs;
      if (isAfter && !b.log!.includes(a.name))
        return `${b.name} began after ${a.name} ended and did not see it`;
    }
  }
  return undefined;
}
