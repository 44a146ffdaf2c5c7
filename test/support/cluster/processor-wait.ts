/**
 * Whether processes that had work to do were kept waiting for a processor, for so long that others took them for dead: what
 * fails then says nothing of the cluster. As Linux counts it (/proc/PID/schedstat); elsewhere nobody is said to have waited.
 */
import { readFileSync } from "node:fs";
import { createNodejsClock } from "../../../src/runtime/nodejs/clock.ts";

const LOOK_EVERY_MS = 250;
/** Peers are given up after three seconds of silence: most of two of them, and nobody need wonder. */
const WINDOW_MS = 2_000;
const WAITED_PART = 0.8;

interface Sample {
  readonly atMs: number;
  readonly waitedMs: number;
}

export class ProcessorWait {
  readonly #clock = createNodejsClock();
  readonly #pids: () => readonly number[];
  readonly #samples = new Map<number, Sample[]>();
  readonly #loop: Promise<void>;
  #worst = 0;
  #isStopped = false;

  /** `pids`: of those that are to be watched, as they are at a moment. */
  constructor(pids: () => readonly number[]) {
    this.#pids = pids;
    this.#loop = this.#run();
  }

  /** Resolves to the largest part of two seconds, 0 to 1, that one of them waited. */
  async stop(): Promise<number> {
    this.#isStopped = true;
    await this.#loop;
    return this.#worst;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      for (const pid of this.#pids()) this.#look(pid);
      await this.#clock.sleep(LOOK_EVERY_MS);
    }
  }

  #look(pid: number): void {
    const waitedMs = waitedMsOf(pid);
    if (waitedMs === undefined) return;
    const sample = { atMs: this.#clock.monotonicMs(), waitedMs };
    const recent = (this.#samples.get(pid) ?? []).filter(({ atMs }) => sample.atMs - atMs <= 2 * WINDOW_MS);
    const first = recent.findLast(({ atMs }) => sample.atMs - atMs >= WINDOW_MS);
    if (first !== undefined)
      this.#worst = Math.max(this.#worst, (waitedMs - first.waitedMs) / (sample.atMs - first.atMs));
    this.#samples.set(pid, [...recent, sample]);
  }
}

export function isStarved(part: number): boolean {
  return part >= WAITED_PART;
}

/** Of its first thread, since it was started. */
function waitedMsOf(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, "latin1").split(" ")[1]) / 1e6;
  } catch {
    return undefined; // it is gone, or this is no Linux
  }
}
