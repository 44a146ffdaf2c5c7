/**
 * Everything is bounded: no queue grows past its bound, and every request is answered, or given up by its time.
 *
 * Finds: queues that take what they should refuse, requests whose round, timer or connection was forgotten.
 */
import type { Aftermath, History, Violation } from "../history/history.ts";
import { type Checker, VIOLATIONS_MAX } from "./checker.ts";

export const boundedQueues: Checker = {
  name: "bounded-queues",
  promise: "no queue grows past its bound",
  check(_, { queues, takenAtMs }) {
    const long = queues.filter(({ longest, bound }) => longest > bound).slice(0, VIOLATIONS_MAX);
    return long.map(({ node, name, longest, bound }): Violation => {
      const message = `${node} had ${longest} in ${name}, where ${bound} is the most`;
      return { checker: "bounded-queues", message, operations: [], atMs: takenAtMs };
    });
  },
};

export const answers: Checker = {
  name: "answers",
  promise: "every request is answered or timed out",
  check(history, aftermath) {
    return [...unanswered(history, aftermath), ...late(history)].slice(0, VIOLATIONS_MAX);
  },
};

function unanswered({ operations }: History, { unanswered: indices, takenAtMs }: Aftermath): Violation[] {
  return indices.map((index) => {
    const { command, node, key } = operations[index]!;
    const message = `${command.join(" ")} was never answered by ${node}`;
    return { checker: "answers", message, key, operations: [index], atMs: takenAtMs };
  });
}

function late({ operations, promises: { answersInMs } }: History): Violation[] {
  const violations: Violation[] = [];
  for (const { index, invokedAtMs, endedAtMs, outcome, command, node, key } of operations) {
    if (outcome === undefined || endedAtMs === undefined || endedAtMs - invokedAtMs <= answersInMs) continue;
    const message = `${command.join(" ")} at ${node} took ${endedAtMs - invokedAtMs} ms: ${outcome.kind}`;
    violations.push({ checker: "answers", message, key, operations: [index], atMs: endedAtMs });
  }
  return violations;
}
