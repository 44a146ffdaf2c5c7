/** What a coordinator counts, since the start. */
import { LatencyHistogram } from "../base/latency-histogram.ts";

export class CoordinatorTallies {
  /** How long requests have waited for other replicas, until they could be answered. */
  readonly quorumTimes = new LatencyHistogram();
  /** False if nobody wants to know these times. */
  records = true;
  /** Reads that found replicas that differed, and mended them before they answered. */
  readRepairs = 0;

  /** Counts a round that ends, whichever way. */
  async time<T>(clock: { monotonicMs(): number }, startedMs: number, done: Promise<T>): Promise<T> {
    try {
      return await done;
    } finally {
      if (this.records) this.quorumTimes.record((clock.monotonicMs() - startedMs) * 1000);
    }
  }
}
