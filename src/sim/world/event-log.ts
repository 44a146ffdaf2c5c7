/** What happens in a run, line by line: passed on, and summed up, so that two runs are compared by one number. */
import { crc32 } from "node:zlib";

export class EventLog {
  readonly #onLine: ((line: string) => void) | undefined;
  #sum = 0;
  #count = 0;

  constructor(onLine?: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** Of all lines so far, in their order. */
  get sum(): string {
    return `${this.#count} lines ${this.#sum.toString(16).padStart(8, "0")}`;
  }

  note(line: string): void {
    this.#count++;
    this.#sum = crc32(`${line}\n`, this.#sum);
    this.#onLine?.(line);
  }
}
