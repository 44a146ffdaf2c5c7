/** The checkers that every run is held to. */
import type { Checker } from "./sim-run.ts";

/** A node that was stopped is started again, and must come back: unless a fault has left it nothing to start from. */
const everybodyIsBack: Checker = (_, { nodesDown, takenAtMs }) =>
  nodesDown.map((node) => ({
    checker: "everybody-is-back",
    message: `${node} is still down though all faults have ended`,
    operations: [],
    atMs: takenAtMs,
  }));

const onePlan: Checker = (_, { plans, takenAtMs }) => {
  const distinct = [...new Set(plans.values())];
  if (distinct.length <= 1) return [];
  const message = `nodes know different plans: ${distinct.join("; ")}`;
  return [{ checker: "one-plan", message, operations: [], atMs: takenAtMs }];
};

export const CHECKERS: readonly Checker[] = [everybodyIsBack, onePlan];
