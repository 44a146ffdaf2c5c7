/** What every run is held to: the promises to clients, and that the cluster is one again. */
import { ALL_CHECKERS } from "../checkers/all-checkers.ts";
import type { Checker } from "./sim-run.ts";

/** A node that was stopped is started again and again, and must come back when faults have ended. */
const everybodyIsBack: Checker = (_, { nodesDown, takenAtMs }) =>
  nodesDown.map((node) => ({
    checker: "everybody is back",
    message: `${node} is still down though all faults have ended`,
    operations: [],
    atMs: takenAtMs,
  }));

const onePlan: Checker = (_, { plans, takenAtMs }) => {
  const distinct = [...new Set(plans.values())];
  if (distinct.length <= 1) return [];
  const message = `nodes know different plans: ${distinct.join("; ")}`;
  return [{ checker: "one plan", message, operations: [], atMs: takenAtMs }];
};

export const CHECKERS: readonly Checker[] = [
  ...ALL_CHECKERS.map<Checker>((checker) => (history, aftermath) => checker.check(history, aftermath)),
  everybodyIsBack,
  onePlan,
];
