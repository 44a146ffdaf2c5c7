/** The latest calls that took longer than the threshold, newest first. Bounded in entries and in bytes of each. */
import type { Clock } from "../runtime/runtime.ts";
import { latin1 } from "./arguments.ts";

const ARGUMENT_BYTES_MAX = 128;

export interface SlowCall {
  readonly id: number;
  /** Unix time in seconds. */
  readonly at: number;
  readonly micros: number;
  /** What it spent its time with. */
  readonly phases: SlowPhases;
  readonly args: readonly string[];
  readonly peer: string;
  readonly clientName: string;
}

/**
 * In microseconds: this node's own work; waiting for other replicas; for its disk; for another node that does it all.
 * In a cluster, its own disk is one of the replicas that are waited for.
 */
export interface SlowPhases {
  readonly local: number;
  readonly quorum: number;
  readonly disk: number;
  readonly forward: number;
}

export type WaitPhase = Exclude<keyof SlowPhases, "local">;

export interface SlowCallTime {
  readonly micros: number;
  /** Of that, what it has waited. */
  readonly waitMicros?: number;
  /** For whom; disk if it is not given. */
  readonly waitedFor?: WaitPhase;
  /** How many arguments there were, where those that are not kept are left out. */
  readonly argCount?: number;
}

export interface SlowLogLimits {
  readonly slowlogThresholdMicros: number;
  readonly slowlogLength: number;
}

interface Caller {
  readonly name: string;
  readonly connection: { readonly peer: string };
}

export class SlowLog {
  /** Arguments that are kept of a call. */
  static readonly ARGUMENTS_MAX = 32;
  readonly #clock: Pick<Clock, "wallMs">;
  readonly #limits: SlowLogLimits;
  #calls: SlowCall[] = [];
  #nextId = 0;

  /** `limits` is read at every call: it may change. */
  constructor(clock: Pick<Clock, "wallMs">, limits: SlowLogLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get calls(): readonly SlowCall[] {
    return this.#calls;
  }

  /** True if a call that took so long is to be recorded. */
  isSlow(micros: number): boolean {
    const { slowlogThresholdMicros } = this.#limits;
    return slowlogThresholdMicros >= 0 && micros >= slowlogThresholdMicros;
  }

  record(caller: Caller, args: readonly Uint8Array[], time: SlowCallTime): void {
    const { slowlogLength } = this.#limits;
    const { micros, argCount = args.length } = time;
    if (!this.isSlow(micros)) return;
    this.#calls.unshift({
      id: this.#nextId++,
      at: Math.floor(this.#clock.wallMs() / 1000),
      micros: Math.round(micros),
      phases: phasesOf(time),
      args: abridge(args, argCount),
      peer: caller.connection.peer,
      clientName: caller.name,
    });
    if (this.#calls.length > slowlogLength) this.#calls.length = slowlogLength;
  }

  clear(): void {
    this.#calls = [];
  }
}

function phasesOf({ micros, waitMicros = 0, waitedFor = "disk" }: SlowCallTime): SlowPhases {
  const waited = Math.round(Math.min(micros, waitMicros));
  const nothing = { local: Math.round(micros) - waited, quorum: 0, disk: 0, forward: 0 };
  return { ...nothing, [waitedFor]: waited };
}

function abridge(args: readonly Uint8Array[], argCount: number): string[] {
  const shown = argCount > SlowLog.ARGUMENTS_MAX ? args.slice(0, SlowLog.ARGUMENTS_MAX - 1) : args;
  const texts = shown.map((arg) =>
    arg.length <= ARGUMENT_BYTES_MAX
      ? latin1(arg)
      : `${latin1(arg.subarray(0, ARGUMENT_BYTES_MAX))}... (${arg.length - ARGUMENT_BYTES_MAX} more bytes)`,
  );
  if (argCount > shown.length) texts.push(`... (${argCount - shown.length} more arguments)`);
  return texts;
}
