/**
 * What a node keeps as the sum of a slot is what a scan of all its rows comes to: else two replicas that differ may take
 * each other for equal, and never repair.
 *
 * Finds: writes, merges, flushes or recoveries that the sums have missed, digests that leave a part of a version out.
 */
import type { Violation } from "../history/history.ts";
import { type Checker, VIOLATIONS_MAX } from "./checker.ts";

export const merkleSums: Checker = {
  name: "merkle-sums",
  promise: "the Merkle sums that a node keeps equal those of a full scan",
  check(_, { sums, takenAtMs }) {
    const wrong = sums.filter(({ kept, scanned }) => kept !== scanned).slice(0, VIOLATIONS_MAX);
    return wrong.map(({ node, slot, kept, scanned }): Violation => {
      const message = `${node} keeps ${kept} for slot ${slot}, and a scan comes to ${scanned}`;
      return { checker: "merkle-sums", message, operations: [], atMs: takenAtMs };
    });
  },
};
