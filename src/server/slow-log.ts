/** The latest calls that took longer than the threshold, newest first. Bounded in entries and in bytes of each. */
import type { Clock } from "../runtime/runtime.ts";
import { latin1 } from "./arguments.ts";

const ARGUMENTS_MAX = 32;
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

  record(caller: Caller, args: readonly Uint8Array[], micros: number): void {
    const { slowlogThresholdMicros, slowlogLength } = this.#limits;
    if (slowlogThresholdMicros < 0 || micros < slowlogThresholdMicros) return;
    this.#calls.unshift({
      id: this.#nextId++,
      at: Math.floor(this.#clock.wallMs() / 1000),
      micros: Math.round(micros),
      args: abridge(args),
      peer: caller.connection.peer,
      clientName: caller.name,
    });
    if (this.#calls.length > slowlogLength) this.#calls.length = slowlogLength;
  }

  clear(): void {
    this.#calls = [];
  }
}

function abridge(args: readonly Uint8Array[]): string[] {
  const shown = args.length > ARGUMENTS_MAX ? args.slice(0, ARGUMENTS_MAX - 1) : args;
  const texts = shown.map((arg) =>
    arg.length <= ARGUMENT_BYTES_MAX
      ? latin1(arg)
      : `${latin1(arg.subarray(0, ARGUMENT_BYTES_MAX))}... (${arg.length - ARGUMENT_BYTES_MAX} more bytes)`,
  );
  if (args.length > shown.length) texts.push(`... (${args.length - shown.length} more arguments)`);
  return texts;
}
