/**
 * Whether reads are answered from the operating system's memory, so that waiting for one takes less than to leave it to
 * another thread and come back. Judged by how long the last ones took; after some slow ones nobody waits for a while.
 */

/** What it costs to have a read done by another thread, or a bit more. */
const AVERAGE_MS_MAX = 0.05;
/** Slower ones tell no more: a process that had to wait for its turn is not a slow disk. */
const TOOK_MS_MAX = 0.25;
const WEIGHT = 1 / 8;
const REFUSED_MS = 1000;
/** After that, a single slow read is enough. */
const DOUBTFUL_MS = 0.04;

export class ReadPace {
  #averageMs = 0;
  #refusedUntilMs = Number.NEGATIVE_INFINITY;

  isQuick(nowMs: number): boolean {
    return nowMs >= this.#refusedUntilMs;
  }

  onRead(tookMs: number, nowMs: number): void {
    this.#averageMs += (Math.min(tookMs, TOOK_MS_MAX) - this.#averageMs) * WEIGHT;
    if (this.#averageMs <= AVERAGE_MS_MAX) return;
    this.#averageMs = DOUBTFUL_MS;
    this.#refusedUntilMs = nowMs + REFUSED_MS;
  }
}
