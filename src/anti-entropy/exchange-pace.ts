/**
 * How fast an exchange goes on. Pure. It is to be felt by nobody: after each step it rests for many times as long as
 * that took, but for the way to the other node, which costs nobody anything, and longer while the other node's answers to everybody's requests are slow for what they are at their best.
 */

export interface ExchangePaceSettings {
  /** Rest after a step, in times the step. */
  readonly restFactor: number;
  /** As `restFactor`, after a step that has found or moved what differs: there is something to be done. */
  readonly mendingFactor: number;
  readonly restMinMs: number;
  readonly restMaxMs: number;
  /** Answers that come sooner than this are not called slow, however soon they have come at other times. */
  readonly slowMs: number;
  /** No more than this over time; 0 or undefined for no limit. */
  readonly bytesPerSecondMax?: number;
}

export const QUIET_PACE: ExchangePaceSettings = {
  restFactor: 30,
  mendingFactor: 4,
  restMinMs: 10,
  restMaxMs: 1_000,
  slowMs: 20,
};
/** Of an exchange that somebody has asked for, and waits for. */
export const URGENT_PACE: ExchangePaceSettings = {
  restFactor: 0.5,
  mendingFactor: 0.5,
  restMinMs: 0,
  restMaxMs: 100,
  slowMs: 50,
};
/**
 * Of slots on their way to another node. The sooner they are there the better, but for those who are served meanwhile: rows
 * come in packets, and who is asked for one lets others wait for as long.
 */
export const MOVING_PACE: ExchangePaceSettings = {
  restFactor: 1,
  mendingFactor: 1,
  restMinMs: 0,
  restMaxMs: 100,
  slowMs: 20,
};

const SLOW_FACTOR = 4;
/** While it is slow, each rest is so many times the one before. */
const GROWTH = 2;
/** What the best is, is forgotten bit by bit. */
const FORGETTING = 1.01;

export interface PacedStep {
  readonly tookMs: number;
  readonly p99Ms: number;
  readonly wayMs?: number;
  readonly bytes?: number;
  /** It has found or moved what differs. */
  readonly isMending?: boolean;
}

export class ExchangePace {
  readonly #settings: ExchangePaceSettings;
  #bestMs = Number.POSITIVE_INFINITY;
  #slowness = 1;

  constructor(settings: ExchangePaceSettings) {
    this.#settings = settings;
  }

  /**
   * How long to rest after a step. `p99Ms`: of the other node's answers to all requests, as they are read here, so that a node
   * which is slow itself rests, too; 0 if nothing is known. `wayMs`: what the way there and back takes at least. `bytes`: what the
   * step has moved.
   */
  onStep(step: PacedStep): number {
    const { bytesPerSecondMax = 0 } = this.#settings;
    const rest = this.#rest(step);
    if (bytesPerSecondMax === 0) return rest;
    return Math.max(rest, (1_000 * (step.bytes ?? 0)) / bytesPerSecondMax - step.tookMs);
  }

  #rest({ tookMs, p99Ms, wayMs = 0, isMending = false }: PacedStep): number {
    const { restMinMs, restMaxMs, slowMs } = this.#settings;
    const restFactor = isMending ? this.#settings.mendingFactor : this.#settings.restFactor;
    if (p99Ms > 0) this.#bestMs = Math.min(p99Ms, this.#bestMs * FORGETTING);
    const isSlow = p99Ms > Math.max(slowMs, SLOW_FACTOR * this.#bestMs);
    const rest = Math.max(restMinMs, restFactor * (tookMs - wayMs)) * this.#slowness;
    if (isSlow && rest < restMaxMs) this.#slowness *= GROWTH;
    else if (!isSlow) this.#slowness = Math.max(1, this.#slowness / GROWTH);
    return Math.min(restMaxMs, isSlow ? Math.max(rest, slowMs) : rest);
  }
}
