/** Against the textbook: a table of all lengths, and Redis's way back through it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type CommonRun, commonRuns } from "./common-subsequence.ts";

/** Several words of columns, of bytes that often agree. */
const manyBytes = fc.uint8Array({ maxLength: 90, min: 0x61, max: 0x63, size: "max" });

test("the runs are those that the table of lengths gives", () => {
  fc.assert(
    fc.property(manyBytes, manyBytes, (a, b) => {
      expect(commonRuns(a, b)).toEqual(runsByTable(a, b));
    }),
  );
});

test("any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 40 }), (a, b) => {
      expect(commonRuns(a, b)).toEqual(runsByTable(a, b));
    }),
  );
});

function runsByTable(a: Uint8Array, b: Uint8Array): CommonRun[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      lengths[i]![j] =
        a[i - 1] === b[j - 1]
          ? lengths[i - 1]![j - 1]! + 1
          : Math.max(lengths[i - 1]![j]!, lengths[i]![j - 1]!);
    }
  }
  const runs: { aStart: number; bStart: number; length: number }[] = [];
  let [i, j] = [a.length, b.length];
  while (i > 0 && j > 0) {
    if (a[i - 1] === b[j - 1]) {
      const last = runs.at(-1);
      i--;
      j--;
      if (last?.aStart === i + 1 && last.bStart === j + 1) {
        runs[runs.length - 1] = { aStart: i, bStart: j, length: last.length + 1 };
      } else {
        runs.push({ aStart: i, bStart: j, length: 1 });
      }
    } else if (lengths[i - 1]![j]! > lengths[i]![j - 1]!) i--;
    else j--;
  }
  return runs;
}
