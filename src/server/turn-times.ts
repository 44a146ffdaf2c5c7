/**
 * Times the requests of each turn of the event loop together: timing each of them alone would cost more than the quick ones
 * take. Hot: once per request, and once per turn.
 */
import { LatencyHistogram } from "../base/latency-histogram.ts";
import type { Clock } from "../runtime/runtime.ts";
import type { CommandEntry } from "./command-table.ts";

export class TurnTimes<S> {
  /** What requests took of this node's own time before they were answered, or waited for somebody else. */
  readonly local = new LatencyHistogram();
  readonly #clock: Pick<Clock, "monotonicMs">;
  #startedMs = 0;
  /** Requests that were begun in the present turn. */
  #requests = 0;
  /** The first `#fastCount` of them: emptying the array itself every turn would make it anew every turn. */
  readonly #fastEntries: CommandEntry<S>[] = [];
  #fastCount = 0;

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  begin(): void {
    this.#startedMs = this.#clock.monotonicMs();
    this.#requests = 0;
  }

  /** A request is begun. */
  countRequest(): void {
    this.#requests++;
  }

  /** A fast path has answered it: its time is the turn's, shared evenly. */
  countFastCall(entry: CommandEntry<S>): void {
    if (entry.fastCalls++ === 0) this.#fastEntries[this.#fastCount++] = entry;
  }

  /** Returns how many fast calls there were. */
  end(): number {
    const requests = this.#requests;
    if (requests === 0 && this.#fastCount === 0) return 0;
    const micros = (this.#clock.monotonicMs() - this.#startedMs) * 1000;
    if (requests > 0) this.local.record(micros / requests, requests);
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
      entry.latency.record(micros / calls, entry.fastCalls);
      entry.fastCalls = 0;
    }
    return calls;
  }
}
