/** A check of one promise: what a history and its aftermath show to be broken, told by as few operations as do. */
import type { Aftermath, History, Violation } from "../history/history.ts";

export interface Checker {
  readonly name: string;
  /** In one sentence: what must hold, whatever the faults. */
  readonly promise: string;
  check(history: History, aftermath: Aftermath): readonly Violation[];
}

/** Violations past this tell nothing new. */
export const VIOLATIONS_MAX = 20;
