/** The latest calls that took longer than the threshold, newest first. Bounded in entries and in bytes of each. */
import type { Clock } from "../runtime/runtime.ts";
import { latin1 } from "./arguments.ts";

const ARGUMENT_BYTES_MAX = 128;

export interface SlowCall {
  readonly id: number;
  /** Unix time in seconds. */
  readonly at: number;
  readonly micros: number;
  readonly args: readonly string[];
  readonly peer: string;
  readonly clientName: string;
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

  /** `args` may lack those that are not kept; there were `argCount`. */
  record(caller: Caller, args: readonly Uint8Array[], micros: number, argCount = args.length): void {
    const { slowlogThresholdMicros, slowlogLength } = this.#limits;
    if (slowlogThresholdMicros < 0 || micros < slowlogThresholdMicros) return;
    this.#calls.unshift({
      id: this.#nextId++,
      at: Math.floor(this.#clock.wallMs() / 1000),
      micros: Math.round(micros),
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
