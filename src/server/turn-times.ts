/**
 * Counts the requests that a session runs in one go, and times many of these goes: reading the clock twice would cost more than
 * the quick ones take. What a go took is shared evenly by its requests.
 *
 *   the first GOES_TIMED_ALL of a second    each is timed, and stands for itself
 *   those after them                        one of GOES_PER_TIME on average, by chance, stands for itself and for the
 *                                           ones passed over before it: so many times it is recorded
 *
 * Invariant: whether a go is timed does not depend on what is in it or how long it takes, so that shares of times (and with
 * them percentiles) come out right on average, however goes differ. Calls are counted one by one, beside that.
 * Hot: once per request, and once per go. Watched by `bench -- metrics`.
 */
import { LatencyHistogram } from "../base/latency-histogram.ts";
import type { Clock } from "../runtime/runtime.ts";
import type { CommandEntry } from "./command-table.ts";

const GOES_TIMED_ALL = 1_000;
const GOES_PER_TIME = 8;

export class TurnTimes<S> {
  /** What requests took of this node's own time before they were answered, or waited for somebody else. */
  readonly local = new LatencyHistogram();
  readonly #clock: Pick<Clock, "monotonicMs" | "turnMs">;
  #turnMs = Number.NaN;
  #startedMs = 0;
  /** Goes that are passed over before the next is timed. */
  #left: number;
  /** Goes for which that one stands. */
  #weight = 1;
  /** In the present second. */
  #timed = 0;
  #chance = 1;
  /** Requests that were begun in the present go. */
  #requests = 0;
  /** The first `#fastCount` of them: emptying the array itself every turn would make it anew every turn. */
  readonly #fastEntries: CommandEntry<S>[] = [];
  #fastCount = 0;

  /** `records`: false if nobody wants to know how long anything takes. */
  constructor(clock: Pick<Clock, "monotonicMs" | "turnMs">, records: boolean) {
    this.#clock = clock;
    this.#left = records ? 0 : Number.POSITIVE_INFINITY;
  }

  set records(records: boolean) {
    this.#left = records ? 0 : Number.POSITIVE_INFINITY;
    this.#weight = 1;
  }

  /** Needs to be called once a second. */
  onSecond(): void {
    this.#timed = 0;
  }

  /** True if it is the first go of a turn of the event loop. */
  begin(): boolean {
    this.#requests = 0;
    const turnMs = this.#clock.turnMs();
    const isFirst = turnMs !== this.#turnMs;
    this.#turnMs = turnMs;
    if (this.#left === 0) this.#startedMs = isFirst ? turnMs : this.#clock.monotonicMs();
    return isFirst;
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
    if (this.#requests === 0 && this.#fastCount === 0) return 0;
    if (this.#left > 0) {
      this.#left--;
      return this.#countFastCalls();
    }
    const micros = (this.#clock.monotonicMs() - this.#startedMs) * 1000;
    const share = this.#requests > 0 ? micros / this.#requests : micros;
    this.local.record(share, this.#requests * this.#weight);
    for (let i = 0; i < this.#fastCount; i++) {
      const { latency, fastCalls } = this.#fastEntries[i]!;
      latency.record(share, fastCalls * this.#weight);
    }
    this.#chooseNext();
    return this.#countFastCalls();
  }

  #chooseNext(): void {
    if (++this.#timed <= GOES_TIMED_ALL) {
      this.#weight = 1;
      return;
    }
    // Clients may come in a rhythm. Chance of its own: what is timed must not change what the node does.
    this.#chance = (Math.imul(this.#chance, 1_664_525) + 1_013_904_223) >>> 0;
    this.#left = (this.#chance >>> 8) % (2 * GOES_PER_TIME - 1);
    this.#weight = 1 + this.#left;
  }

  #countFastCalls(): number {
    const count = this.#fastCount;
    let calls = 0;
    for (let i = 0; i < count; i++) {
      const entry = this.#fastEntries[i]!;
      calls += entry.fastCalls;
      entry.calls += entry.fastCalls;
      entry.fastCalls = 0;
    }
    this.#fastCount = 0;
    return calls;
  }
}
