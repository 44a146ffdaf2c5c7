/**
 * A dot names one write: it is never seen under two keys, nor with two contents.
 *
 * Finds: counters that begin again after a crash or in a copied directory, replicas that change a version they were sent.
 */
import type { SeenDot, Violation } from "../history/history.ts";
import { type Checker, VIOLATIONS_MAX } from "./checker.ts";

export const dots: Checker = {
  name: "dots",
  promise: "no dot is used twice",
  check(_, { dots: seen, takenAtMs }) {
    const first = new Map<string, SeenDot>();
    const violations: Violation[] = [];
    for (const dot of seen) {
      const name = `${dot.actor}:${dot.counter}`;
      const other = first.get(name) ?? dot;
      first.set(name, other);
      if (other.key === dot.key && other.content === dot.content) continue;
      const message = `dot ${name} is ${other.content} of ${other.key} at ${other.node}, and ${dot.content} of ${dot.key} at ${dot.node}`;
      violations.push({ checker: "dots", message, key: dot.key, operations: [], atMs: takenAtMs });
      if (violations.length === VIOLATIONS_MAX) break;
    }
    return violations;
  },
};
