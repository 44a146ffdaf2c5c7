/** Time by the system's clocks and Node.js's timers. */
import { assert } from "../../base/assert.ts";
import type { Cancel, Clock } from "../runtime.ts";

/** Node.js turns a longer delay into one of a millisecond. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Several times a request: bound, it is found a quarter sooner. */
const monotonicMs = performance.now.bind(performance);

export function createNodejsClock(): Clock {
  return { monotonicMs, turnMs, wallMs: Date.now, sleep, every, defer };
}

let turnMsNow = 0;
let isFresh = false;

function turnMs(): number {
  if (!isFresh) {
    isFresh = true;
    turnMsNow = monotonicMs();
    setImmediate(onTurnOver);
  }
  return turnMsNow;
}

function onTurnOver(): void {
  isFresh = false;
}

function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  const deadlineMs = monotonicMs() + delayMs;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    let timer: NodeJS.Timeout;
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    // A timer may fire a fraction early, and cannot be set far ahead: look again each time.
    const arm = (): void => {
      const remainingMs = deadlineMs - monotonicMs();
      if (remainingMs > 0) {
        timer = setTimeout(arm, Math.min(Math.ceil(remainingMs), TIMER_MS_MAX));
        return;
      }
      signal?.removeEventListener("abort", onAbort);
      resolve();
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    arm();
  });
}

function every(intervalMs: number, tick: () => void): Cancel {
  assert(intervalMs > 0 && intervalMs <= TIMER_MS_MAX, "an interval is positive and below 25 days");
  const timer = setInterval(tick, intervalMs);
  timer.unref(); // periodic work is no reason to live on
  return () => clearInterval(timer);
}

function defer(task: () => void): void {
  setImmediate(task);
}
