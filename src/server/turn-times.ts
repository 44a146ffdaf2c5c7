/**
 * Times the requests that a session runs in one go together: timing each of them alone would cost more than the quick ones
 * take. Those of several sessions in one turn of the event loop follow each other: where one ends, the next begins.
 * Hot: once per request, and once per go.
 */
import { LatencyHistogram } from "../base/latency-histogram.ts";
import type { Clock } from "../runtime/runtime.ts";
import type { CommandEntry } from "./command-table.ts";

export class TurnTimes<S> {
  /** What requests took of this node's own time before they were answered, or waited for somebody else. */
  readonly local = new LatencyHistogram();
  readonly #clock: Pick<Clock, "monotonicMs" | "turnMs">;
  readonly #records: boolean;
  #turnMs = Number.NaN;
  #startedMs = 0;
  /** Requests that were begun in the present go. */
  #requests = 0;
  /** The first `#fastCount` of them: emptying the array itself every turn would make it anew every turn. */
  readonly #fastEntries: CommandEntry<S>[] = [];
  #fastCount = 0;

  /** `records`: false if nobody wants to know. */
  constructor(clock: Pick<Clock, "monotonicMs" | "turnMs">, records: boolean) {
    this.#clock = clock;
    this.#records = records;
  }

  /** True if it is the first go of a turn of the event loop. */
  begin(): boolean {
    this.#requests = 0;
    const turnMs = this.#clock.turnMs();
    if (turnMs === this.#turnMs) return false;
    this.#turnMs = turnMs;
    this.#startedMs = turnMs;
    return true;
  }

  /** A request is begun. */
  countRequest(): void {
    this.#requests++;
  }

  /** A fast path has answered it: its time is that of the go, shared evenly. */
  countFastCall(entry: CommandEntry<S>): void {
    if (entry.fastCalls++ === 0) this.#fastEntries[this.#fastCount++] = entry;
  }

  /** Returns how many fast calls there were. */
  end(): number {
    const requests = this.#requests;
    if (requests === 0 && this.#fastCount === 0) return 0;
    let micros = 0;
    if (this.#records) {
      const nowMs = this.#clock.monotonicMs();
      micros = (nowMs - this.#startedMs) * 1000;
      this.#startedMs = nowMs;
      if (requests > 0) this.local.record(micros / requests, requests);
    }
    const calls = this.#fastCount === 0 ? 0 : this.#shareTime(micros);
    this.#fastCount = 0;
    return calls;
  }

  #shareTime(micros: number): number {
    const entries = this.#fastEntries;
    const count = this.#fastCount;
    let calls = 0;
    for (let i = 0; i < count; i++) calls += entries[i]!.fastCalls;
    for (let i = 0; i < count; i++) {
      const entry = entries[i]!;
      if (this.#records) entry.latency.record(micros / calls, entry.fastCalls);
      entry.fastCalls = 0;
    }
    return calls;
  }
}
