/**
 * A well-behaved client, to see whether it comes to harm by what others do: it writes and reads back without
 * end, on a thread of its own, so that a busy test does not slow it down.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** Since the report before. */
export interface Report {
  readonly roundTrips: number;
  readonly medianMs: number;
  readonly worstMs: number;
  /** What went wrong for the first time: a wrong answer, a closed connection. */
  readonly fault: string | undefined;
}

export class Bystander {
  readonly #thread: Worker;

  constructor(port: number) {
    this.#thread = new Worker(new URL("./bystander-thread.js", import.meta.url), { workerData: { port } });
  }

  /** Resolves once it has made so many round trips, the present one included, or cannot go on. */
  async report(roundTripsMin = 1): Promise<Report> {
    this.#thread.postMessage(roundTripsMin);
    const [report] = await once(this.#thread, "message");
    return report;
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }
}

/** The longer times of two. */
export function worseOf(one: Report, other: Report): Report {
  return {
    ...one,
    medianMs: Math.max(one.medianMs, other.medianMs),
    worstMs: Math.max(one.worstMs, other.worstMs),
  };
}

/** What of `report` is harm, measured by what was usual before: empty if it was answered right, and in time. */
export function harmIn(report: Report, usual: Report): string[] {
  const harm = report.fault === undefined ? [] : [report.fault];
  const medianMsMax = 20 * usual.medianMs + 150;
  if (report.medianMs > medianMsMax) harm.push(`median ${report.medianMs} ms, more than ${medianMsMax} ms`);
  const worstMsMax = 20 * usual.worstMs + 2_000;
  if (report.worstMs > worstMsMax) harm.push(`worst ${report.worstMs} ms, more than ${worstMsMax} ms`);
  return harm;
}
