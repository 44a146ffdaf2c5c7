import { expect, test } from "vitest";
import type { ByteRange } from "../../../base/bytes.ts";
import { simpleCell, simpleKey, simpleRules } from "../../simple-engine.oracle.ts";
import { ExpirySweep, type Forgetting, type SweptRows } from "./expiry-sweep.ts";
import { RowScan } from "./row-scan.ts";
import type { RowSource } from "./row-source.ts";

const DUE_MS = 1000;

/** Rows that all expire at DUE_MS; `verdict` is asked before one is forgotten. */
class FakeRows implements SweptRows {
  readonly left: string[];
  verdict: (key: string) => Forgetting = () => "forgotten";

  constructor(count: number) {
    const keys = Array.from({ length: count }, (_, i) => simpleKey(`${i}`).copy());
    this.left = keys.map((key) => Buffer.from(key).toString("hex")).sort();
  }

  scan(from: Uint8Array): RowScan {
    const after = Buffer.from(from).toString("hex");
    return new RowScan([new FakeSource(this.left.filter((key) => key >= after))], () => undefined);
  }

  mark(): number {
    return 0;
  }

  forgetIfUnchanged({ bytes, start, end }: ByteRange): Forgetting {
    const key = Buffer.from(bytes.slice(start, end)).toString("hex");
    const verdict = this.verdict(key);
    if (verdict === "forgotten") this.left.splice(this.left.indexOf(key), 1);
    return verdict;
  }
}

class FakeSource implements RowSource {
  readonly key: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };
  readonly cell = simpleCell("v", DUE_MS);
  readonly #keys: readonly string[];
  #at = 0;

  constructor(keys: readonly string[]) {
    this.#keys = [...keys];
  }

  next(): boolean {
    const key = this.#keys[this.#at++];
    if (key === undefined) return false;
    this.key.bytes = new Uint8Array(Buffer.from(key, "hex"));
    this.key.end = this.key.bytes.length;
    return true;
  }
}

test("a step that rows were flushed in goes on at the row that it could not judge: one round is enough", () => {
  const rows = new FakeRows(300);
  const sweep = new ExpirySweep(simpleRules, rows);
  const asked: string[] = [];
  rows.verdict = (key) => (asked.push(key) % 37 === 0 ? "unclear" : "forgotten");
  const dropped = Array.from({ length: 9 }, () => sweep.step(DUE_MS, 40));
  expect(dropped).toEqual([36, 36, 36, 36, 36, 36, 36, 36, 12]);
  expect(rows.left).toEqual([]);
  expect(asked).toEqual([...asked].sort());
});

test("what must stay for now is looked at again ten seconds later, and not before", () => {
  const rows = new FakeRows(10);
  const sweep = new ExpirySweep(simpleRules, rows);
  const inUse = rows.left[4];
  rows.verdict = (key) => (key === inUse ? "not yet" : "forgotten");
  expect(sweep.step(DUE_MS, 100)).toBe(9);
  rows.verdict = () => "forgotten";
  expect(sweep.step(DUE_MS + 9_999, 100)).toBe(0);
  expect(sweep.step(DUE_MS + 10_000, 100)).toBe(1);
});
