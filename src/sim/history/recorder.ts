/** Writes a history down as it happens. Nothing that was written is changed, but that an operation ends. */
import type { Family, Operation, Outcome } from "./history.ts";

export interface Invocation {
  readonly client: number;
  readonly node: string;
  readonly family: Family;
  readonly keys: readonly string[];
  readonly command: readonly string[];
}

export class Recorder {
  readonly operations: Operation[] = [];
  readonly #onLine: (line: string) => void;

  /** `onLine` is told of each beginning and end, in words. */
  constructor(onLine: (line: string) => void = () => undefined) {
    this.#onLine = onLine;
  }

  /** One operation for each key. */
  begin({ client, node, family, keys, command }: Invocation, invokedAtMs: number): readonly Operation[] {
    const first = this.operations.length;
    const together = keys.length > 1 || family === "many" ? { together: first } : {};
    const begun = keys.map((key, i) => ({
      index: first + i,
      client,
      node,
      family,
      key,
      command,
      invokedAtMs,
      endedAtMs: undefined,
      outcome: undefined,
      ...together,
    }));
    this.operations.push(...begun);
    this.#onLine(`${invokedAtMs} #${first} c${client} asks ${node}: ${command.join(" ")}`);
    return begun;
  }

  end(operations: readonly Operation[], outcome: Outcome, endedAtMs: number): void {
    for (const operation of operations) {
      operation.endedAtMs = endedAtMs;
      operation.outcome = outcome;
    }
    const said =
      outcome.kind === "reply" ? JSON.stringify(outcome.reply) : `${outcome.kind}, ${outcome.error}`;
    this.#onLine(`${endedAtMs} #${operations[0]?.index} ${said}`);
  }
}
