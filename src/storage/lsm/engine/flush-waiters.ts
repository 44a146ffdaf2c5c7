/** Those who wait until the rows put so far are in tables: each is given a pin of just these tables. */
import { StoreError } from "../../../base/errors.ts";
import type { VersionPin } from "../manifest/version-pins.ts";
import type { OpenTables } from "./open-tables.ts";

interface Waiter {
  /** Of the last log whose rows are waited for. */
  readonly log: number;
  readonly resolve: (pin: VersionPin) => void;
  readonly reject: (cause: StoreError) => void;
}

export class FlushWaiters {
  readonly #tables: OpenTables;
  #waiting: Waiter[] = [];
  #isClosed = false;

  constructor(tables: OpenTables) {
    this.#tables = tables;
  }

  /** The caller releases the pin. Rejects with StoreError CLOSED when the engine closes before, IO if flushes keep failing. */
  wait(log: number): Promise<VersionPin> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ log, resolve, reject });
      if (this.#isClosed) this.close();
      else this.settle();
    });
  }

  /** Call in the very turn in which there is a new version. */
  settle(): void {
    const { flushedLog } = this.#tables.version;
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ log }) => log > flushedLog);
    for (const { log, resolve } of waiting) if (log <= flushedLog) resolve(this.#tables.pin());
  }

  /** Nobody knows when there will be a table. */
  fail(cause: StoreError): void {
    for (const { reject } of this.#waiting.splice(0)) reject(cause);
  }

  close(): void {
    this.#isClosed = true;
    this.fail(new StoreError("CLOSED", "not-applied", "the engine is closing"));
  }
}
