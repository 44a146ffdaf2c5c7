/**
 * Cuts long work into turns of bounded time: whoever does much in a row asks it again and again, and waits when it says so.
 * Those who are served meanwhile wait for a part of the work, and not for all of it.
 */
import type { Clock } from "./runtime.ts";

export type TurnClock = Pick<Clock, "monotonicMs" | "turnMs" | "defer">;

/** What a request may be kept waiting by work that nobody waits for. */
const TURN_MS = 2;

/** Undefined while this turn of the event loop is young, else a promise that resolves in the next one. */
export function turnPause(clock: TurnClock): Promise<void> | undefined {
  if (clock.monotonicMs() - clock.turnMs() < TURN_MS) return undefined;
  return new Promise((resolve) => clock.defer(resolve));
}
