/** How far the move under way is, put together of what those tell who gain slots by it. */
import type { NodeId } from "../../ring/ring-member.ts";
import type { MoveReport } from "./move-report.ts";

export interface MoveFigures {
  /** Of what is to be moved, the part that is where it shall be: 0 to 1. */
  readonly part: number;
  /** Copies of slots that are to be somewhere else, and those that are. */
  readonly slots: number;
  readonly slotsDone: number;
  /** Rows that were fetched, and bytes both ways, by nodes that have not been started again since. */
  readonly rows: number;
  readonly bytes: number;
}

export function moveFigures(
  gainers: readonly NodeId[],
  reportOf: (id: NodeId) => MoveReport | undefined,
): MoveFigures {
  const reports = gainers.map(reportOf).filter((report) => report !== undefined);
  const sum = (of: (report: MoveReport) => number): number =>
    reports.reduce((total, report) => total + of(report), 0);
  return {
    part: sum(({ permille }) => permille) / (1000 * Math.max(1, gainers.length)),
    slots: sum(({ slots }) => slots),
    slotsDone: sum(({ slotsDone }) => slotsDone),
    rows: sum(({ rows }) => rows),
    bytes: sum(({ bytes }) => bytes),
  };
}

/** What lies further back counts for half as much after so long. */
const HALF_LIFE_MS = 2_000;

/** Bytes a second, of a total that is looked at now and then. Pure. */
export class RateMeter {
  #lastMs: number | undefined;
  #lastBytes = 0;
  #perSecond = 0;

  get perSecond(): number {
    return Math.round(this.#perSecond);
  }

  onTotal(bytes: number, nowMs: number): void {
    const tookMs = this.#lastMs === undefined ? 0 : nowMs - this.#lastMs;
    const grown = bytes - this.#lastBytes; // less than nothing: somebody was started again
    this.#lastMs = nowMs;
    this.#lastBytes = bytes;
    if (tookMs <= 0 || grown < 0) return;
    const weight = 1 - 0.5 ** (tookMs / HALF_LIFE_MS);
    this.#perSecond += weight * ((1_000 * grown) / tookMs - this.#perSecond);
  }
}
