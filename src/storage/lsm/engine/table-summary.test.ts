import { expect, test } from "vitest";
import { MerkleSummary, SLOT_LEAF_COUNT } from "../table/merkle-summary.ts";
import { TableSummary } from "./table-summary.ts";

function summaryOf(...slots: number[]): MerkleSummary {
  const summary = new MerkleSummary();
  for (const slot of slots) summary.add(slot * SLOT_LEAF_COUNT + (slot % 64), { low: slot + 1, high: -slot });
  return summary;
}

function sum(...summaries: MerkleSummary[]): MerkleSummary {
  const total = new MerkleSummary();
  for (const summary of summaries) total.addSummary(summary);
  return total;
}

const [a, b, c] = [summaryOf(0, 1, 16383), summaryOf(1, 700, 9000), summaryOf(5, 511, 512)];

/** Runs what was deferred by hand, some of it. */
class Turns {
  readonly tasks: (() => void)[] = [];
  defer(task: () => void): void {
    this.tasks.push(task);
  }
  run(count: number): number {
    let done = 0;
    for (; done < count && this.tasks.length > 0; done++) this.tasks.shift()!();
    return done;
  }
}

test.each([0, 1, 5, 31, 100])("after %i turns, whoever reads sees all that was added, once", (turnCount) => {
  const turns = new Turns();
  const tables = new TableSummary(turns, sum(a));
  tables.add(b);
  turns.run(turnCount);
  expect(tables.whole.equals(sum(a, b))).toBe(true);
  turns.run(turnCount);
  tables.add(c);
  turns.run(turnCount);
  tables.add(a);
  expect(tables.whole.equals(sum(a, b, c, a))).toBe(true);
  turns.run(1000);
  expect(turns.tasks).toEqual([]);
  expect(tables.whole.equals(sum(a, b, c, a))).toBe(true);
});

test("it takes many turns, and what is cleared meanwhile stays so", () => {
  const turns = new Turns();
  const tables = new TableSummary(turns, new MerkleSummary());
  tables.add(a);
  expect(turns.run(1000)).toBeGreaterThan(10);
  tables.add(b);
  turns.run(3);
  tables.clear();
  turns.run(1000);
  expect(tables.whole.equals(new MerkleSummary())).toBe(true);
  tables.add(c);
  turns.run(1000);
  expect(tables.whole.equals(c)).toBe(true);
});
