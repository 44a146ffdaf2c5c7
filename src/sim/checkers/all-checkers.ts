/** Every checker, as a run of the simulator asks them. */
import type { Aftermath, History, Violation } from "../history/history.ts";
import { answers, boundedQueues } from "./bounds.ts";
import type { Checker } from "./checker.ts";
import { convergence } from "./convergence.ts";
import { counters } from "./counters.ts";
import { dots } from "./dots.ts";
import { linearizable } from "./linearizable.ts";
import { lostWrites } from "./lost-writes.ts";
import { merkleSums } from "./merkle-sums.ts";
import { placement } from "./placement.ts";
import { resurrection } from "./resurrection.ts";
import { sessions } from "./sessions.ts";
import { siblings } from "./siblings.ts";

export const ALL_CHECKERS: readonly Checker[] = [
  lostWrites,
  siblings,
  convergence,
  resurrection,
  counters,
  sessions,
  linearizable,
  placement,
  dots,
  merkleSums,
  boundedQueues,
  answers,
];

/** Nothing, if every promise was kept. */
export function violationsOf(
  history: History,
  aftermath: Aftermath,
  checkers: readonly Checker[] = ALL_CHECKERS,
): readonly Violation[] {
  return checkers.flatMap((checker) => checker.check(history, aftermath));
}
