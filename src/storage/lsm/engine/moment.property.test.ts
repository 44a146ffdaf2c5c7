/**
 * A moment shows what was there then, whatever is put, forgotten, flushed and merged afterwards: by key, by range, and
 * by range from its end, each time as a naive model says.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { compareBytes, toText, utf8 } from "../../../base/bytes.ts";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { PlainKey, plainKeyOf } from "../../plain-key.ts";
import { simpleCell } from "../../simple-engine.oracle.ts";
import type { LsmEngine } from "../lsm-engine.ts";
import { FORGOTTEN } from "./forgotten-row.ts";
import type { Moment } from "./moment.ts";
import { openSmallEngine } from "./small-engine.oracle.ts";

const TINY = { segmentBytes: 4096, tableBytes: 4096, cacheBytes: 8192, fsync: "no" } as const;

const anyKey = fc.nat({ max: 120 }).map((number) => `key:${number.toString(3)}`);
const anyStep = fc.oneof(
  { weight: 20, arbitrary: fc.record({ kind: fc.constant("put" as const), key: anyKey, size: fc.nat(200) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("forget" as const), key: anyKey }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("moment" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("sleep" as const) }) },
);
const anyRange = fc.record({
  from: fc.option(anyKey, { nil: undefined }),
  to: fc.option(anyKey, { nil: undefined }),
  isReversed: fc.boolean(),
});
type Range = typeof anyRange extends fc.Arbitrary<infer T> ? T : never;
type Model = ReadonlyMap<string, string>;

function rowKey(key: string): PlainKey {
  const encoded = new PlainKey(1);
  encoded.encodeText(key);
  return encoded;
}

async function scanned(moment: Moment, { from, to, isReversed }: Range): Promise<string[]> {
  const found: string[] = [];
  const start = from === undefined ? new Uint8Array(6) : rowKey(from).copy();
  const rows = moment.rows(start, to === undefined ? undefined : rowKey(to).copy(), isReversed);
  while (await rows.next()) {
    const { cell } = rows;
    found.push(`${toText(plainKeyOf(rows.key))}=${toText(cell.bytes.slice(cell.start + 8, cell.end))}`);
  }
  return found;
}

function expected(model: Model, { from, to, isReversed }: Range): string[] {
  const rows = [...model]
    .filter(([key]) => from === undefined || compareBytes(utf8(key), utf8(from)) >= 0)
    .filter(([key]) => to === undefined || compareBytes(utf8(key), utf8(to)) < 0)
    .sort(([a], [b]) => compareBytes(utf8(a), utf8(b)))
    .map((row) => row.join("="));
  return isReversed ? rows.reverse() : rows;
}

async function expectKeys(moment: Moment, model: Model): Promise<void> {
  const into = { bytes: new Uint8Array(0), start: 0, end: 0 };
  for (let number = 0; number <= 120; number++) {
    const key = `key:${number.toString(3)}`;
    for (const isThere of [await moment.get(rowKey(key), into), moment.getSync(rowKey(key), into)]) {
      expect(isThere).toBe(model.has(key));
      if (isThere) expect(toText(into.bytes.slice(into.start + 8, into.end))).toBe(model.get(key));
    }
  }
}

test("a moment stays as it was", async () => {
  const anySteps = fc.array(anyStep, { size: "max", maxLength: 400 });
  const anyRanges = fc.array(anyRange, { minLength: 2, maxLength: 5 });
  let momentCount = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(), anySteps, anyRanges, async (seed, steps, ranges) => {
      const world = new SimWorld(seed);
      const { clock } = world.runtime("a");
      const run = async (): Promise<void> => {
        const engine: LsmEngine = await openSmallEngine(world.runtime("a"), "/data", TINY);
        const model = new Map<string, string>();
        const moments: { readonly moment: Moment; readonly model: Model }[] = [];
        for (const [i, step] of steps.entries()) {
          if (step.kind === "put") {
            model.set(step.key, `${i}`.padEnd(step.size));
            engine.plain.append(rowKey(step.key), simpleCell(model.get(step.key)!));
          } else if (step.kind === "forget") {
            model.delete(step.key);
            engine.plain.append(rowKey(step.key), FORGOTTEN);
          } else if (step.kind === "moment") {
            moments.push({ moment: engine.plain.moment(), model: new Map(model) });
          } else if (step.kind === "clear") {
            const clearing = engine.clear();
            model.clear();
            moments.push({ moment: engine.plain.moment(), model: new Map() });
            await clearing;
          } else {
            await clock.sleep(500);
          }
          await engine.durable();
        }
        moments.push({ moment: engine.plain.moment(), model });
        for (const { moment, model } of moments) {
          momentCount++;
          await expectKeys(moment, model);
          for (const range of ranges) expect(await scanned(moment, range)).toEqual(expected(model, range));
          moment.close();
        }
        await engine.close();
      };
      await world.runUntil(run());
    }),
    { numRuns: 25, interruptAfterTimeLimit: 60_000 },
  );
  expect(momentCount).toBeGreaterThan(30);
}, 120_000);
