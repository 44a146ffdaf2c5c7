/**
 * Picker and version against a naive model: whatever the order of flushes, compactions and their ends, the newest
 * version of every row is found first, space follows the live rows, and it comes to an end.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { compareBytes } from "../../../base/bytes.ts";
import type { TableEntry } from "../manifest/table-entry.ts";
import { Version } from "../manifest/version.ts";
import { keyAt, sampleTable } from "../manifest/version-samples.oracle.ts";
import { probeOf } from "../table/table-samples.oracle.ts";
import { type Compaction, pickCompaction } from "./picker.ts";

const settings = { level0Count: 3, level1Bytes: 20, levelRatio: 3, level0BytesMax: 25 };
const TABLE_ROWS = 5;
const KEY_COUNT = 60;

/** Tables of (key, value) pairs; a row is a byte. */
class Model {
  version = Version.empty;
  readonly rows = new Map<number, Map<number, number>>();
  readonly newest = new Map<number, number>();
  readonly running: Compaction[] = [];
  #number = 1;
  #value = 1;

  flush(keys: readonly number[]): void {
    const rows = new Map(keys.map((key) => [key, this.#value++]));
    for (const [key, value] of rows) this.newest.set(key, value);
    this.version = this.version.apply({ added: [this.#table(0, rows)] });
  }

  /** False if nothing is due. */
  start(): boolean {
    const busy = new Set(this.running.flatMap(({ inputs }) => inputs.map(({ number }) => number)));
    const compaction = pickCompaction({ version: this.version, busy, horizonMs: 0 }, settings);
    if (compaction !== undefined) this.running.push(compaction);
    return compaction !== undefined;
  }

  finish(index: number): void {
    const [compaction] = this.running.splice(index % this.running.length, 1);
    const { inputs, targetLevel, kind } = compaction!;
    const merged = new Map<number, number>();
    for (const { number } of [...inputs].reverse()) {
      for (const [key, value] of this.rows.get(number)!) merged.set(key, value);
    }
    const removed = inputs.map(({ number }) => number);
    const added =
      kind === "move" ? [{ ...inputs[0]!, level: targetLevel }] : this.#split(targetLevel, merged);
    this.version = this.version.apply({ removed, added });
  }

  lookUp(key: number): number | undefined {
    const into: TableEntry[] = [];
    const count = this.version.candidates(probeOf(keyAt(key)), into);
    const found = into.slice(0, count).find(({ number }) => this.rows.get(number)!.has(key));
    return found && this.rows.get(found.number)!.get(key);
  }

  check(): void {
    for (let key = 0; key < KEY_COUNT; key++) expect(this.lookUp(key)).toBe(this.newest.get(key));
  }

  #split(level: number, rows: Map<number, number>): TableEntry[] {
    const sorted = [...rows].sort(([a], [b]) => compareBytes(keyAt(a), keyAt(b)));
    const tables: TableEntry[] = [];
    for (let i = 0; i < sorted.length; i += TABLE_ROWS) {
      tables.push(this.#table(level, new Map(sorted.slice(i, i + TABLE_ROWS))));
    }
    return tables;
  }

  #table(level: number, rows: Map<number, number>): TableEntry {
    const number = this.#number++;
    this.rows.set(number, rows);
    const keys = [...rows.keys()].sort((a, b) => a - b);
    return sampleTable(number, level, keyAt(keys[0]!), keyAt(keys.at(-1)!), { fileBytes: rows.size });
  }
}

const anyStep = fc.oneof(
  { weight: 4, arbitrary: fc.uniqueArray(fc.nat(KEY_COUNT - 1), { minLength: 1, maxLength: 12 }) },
  { weight: 2, arbitrary: fc.constant("start" as const) },
  { weight: 2, arbitrary: fc.nat(9) },
);

test("whatever the order of things, every row's newest version is found first, and the work comes to an end", () => {
  let concurrentMax = 0;
  fc.assert(
    fc.property(fc.array(anyStep, { minLength: 20, maxLength: 120 }), (steps) => {
      const model = new Model();
      for (const step of steps) {
        if (step === "start") model.start();
        else if (typeof step !== "number") model.flush(step);
        else if (model.running.length > 0) model.finish(step);
        concurrentMax = Math.max(concurrentMax, model.running.length);
        model.check();
      }
      let budget = 400;
      while (model.start() || model.running.length > 0) {
        expect(budget--).toBeGreaterThan(0);
        if (model.running.length > 0) model.finish(0);
      }
      model.check();
      expect(model.version.level0.length).toBeLessThan(settings.level0Count);
      const stored = model.version.tables.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
      const upper = model.version.level0.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
      expect(stored - upper).toBeLessThanOrEqual(KEY_COUNT + 20 + 60); // at most once in each level that is in use
    }),
    { numRuns: 60 },
  );
  expect(concurrentMax).toBeGreaterThan(1);
});
