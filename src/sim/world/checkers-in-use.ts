/** The checkers that every run is held to. */
import { ALL_CHECKERS } from "../checkers/all-checkers.ts";
import type { Checker } from "./sim-run.ts";

export const CHECKERS: readonly Checker[] = ALL_CHECKERS.map(
  (checker) => (history, aftermath) => checker.check(history, aftermath),
);
