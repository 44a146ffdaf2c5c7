/** What every StorageEngine does with rows that expire, or are collectible. */
import { expect, test } from "vitest";
import { toText } from "../base/bytes.ts";
import {
  type CreateEngine,
  keysOf,
  payloadOf,
  simpleCell,
  simpleKey,
  simpleRules,
  withEngineOf,
} from "./simple-engine.oracle.ts";
import { type CellRules, NEVER_EXPIRES } from "./storage-engine.ts";

/** Nothing may be forgotten: of what has expired there remains a cell that says so. */
const remainingRules: CellRules = {
  ...simpleRules,
  isCollectible: () => false,
  remainsOf({ bytes, start, end }) {
    return simpleCell(`${toText(bytes.subarray(start + 8, end))} is gone`).bytes;
  },
};

export function testExpiry(name: string, create: CreateEngine): void {
  const withEngine = withEngineOf(create);

  test(`${name}: an expired cell is returned until it is dropped`, () =>
    withEngine(async ({ engine, wall }) => {
      await engine.put(simpleKey("soon"), simpleCell("v", wall.nowMs + 1000));
      await engine.put(simpleKey("later"), simpleCell("v", wall.nowMs + 2000));
      await engine.put(simpleKey("never"), simpleCell("v"));
      expect(engine.counts(0)).toEqual({ rows: 3, expiring: 2 });
      expect(await engine.dropExpired(wall.nowMs + 999, 1000)).toBe(0);
      expect(await payloadOf(engine, "soon")).toBe("v");
      wall.nowMs += 1000;
      expect(await payloadOf(engine, "soon")).toBe("v");
      expect(await engine.dropExpired(wall.nowMs, 1000)).toBe(1);
      expect(await payloadOf(engine, "soon")).toBeUndefined();
      expect(engine.counts(0)).toEqual({ rows: 2, expiring: 1 });
      expect(await engine.dropExpired(wall.nowMs + 1_000_000_000_000, 1000)).toBe(1);
      expect(await payloadOf(engine, "never")).toBe("v");
      expect(engine.statistics.expiredRows).toBe(2);
    }));

  test(`${name}: an expired row can be dropped where it is met, unless it is in use`, () =>
    withEngine(async ({ engine, wall }) => {
      if (engine.dropIfExpired === undefined) return;
      const drop = (key: string): boolean => engine.dropIfExpired!(simpleKey(key), wall.nowMs);
      await engine.put(simpleKey("soon"), simpleCell("v", wall.nowMs + 1000));
      await engine.put(simpleKey("never"), simpleCell("v"));
      wall.nowMs += 999;
      expect([drop("soon"), drop("never"), drop("absent")]).toEqual([false, false, false]);
      wall.nowMs += 1;
      if (engine.usesSuperseded === true) {
        engine.isInUse = () => true;
        expect(drop("soon")).toBe(false);
        engine.isInUse = undefined;
      }
      expect([drop("soon"), drop("soon"), drop("never")]).toEqual([true, false, false]);
      expect(await payloadOf(engine, "soon")).toBeUndefined();
      expect(engine.counts(0)).toEqual({ rows: 1, expiring: 0 });
      expect(engine.statistics.expiredRows).toBe(1);
    }));

  test(`${name}: of expired cells that must not be forgotten there remains what the rules say`, () =>
    withEngine(async ({ engine, wall }) => {
      const keys = Array.from({ length: 700 }, (_, i) => `key ${i}`);
      for (const [i, key] of keys.entries()) {
        await engine.put(simpleKey(key), simpleCell(`v${i}`, i % 3 === 0 ? NEVER_EXPIRES : wall.nowMs + i));
      }
      const isGone = (i: number): boolean => i % 3 !== 0 && i <= 500;
      const goneCount = keys.filter((_, i) => isGone(i)).length;
      const dropAll = async (wallMs: number): Promise<number> => {
        let went = 0;
        for (let step = 0; step < 100; step++) went += await engine.dropExpired(wallMs, 50);
        return went;
      };
      wall.nowMs += 500;
      expect(await dropAll(wall.nowMs)).toBe(goneCount);
      for (const [i, key] of keys.entries()) {
        expect(await payloadOf(engine, key)).toBe(isGone(i) ? `v${i} is gone` : `v${i}`);
      }
      const expiring = keys.filter((_, i) => i % 3 !== 0 && i > 500).length;
      expect(engine.counts(0)).toEqual({ rows: 700, expiring });
      expect(engine.statistics.expiredRows).toBe(goneCount);
      expect(await dropAll(wall.nowMs + 100_000)).toBe(expiring); // what remains is left once
      expect(await payloadOf(engine, "key 1")).toBe("v1 is gone");
      expect(engine.counts(0)).toEqual({ rows: 700, expiring: 0 });
    }, remainingRules));

  test(`${name}: the latest put decides whether and when a row expires`, () =>
    withEngine(async ({ engine, wall }) => {
      const at = (ms: number): number => wall.nowMs + ms;
      await engine.put(simpleKey("kept"), simpleCell("v", at(1000)));
      await engine.put(simpleKey("kept"), simpleCell("v"));
      await engine.put(simpleKey("longer"), simpleCell("v", at(1000)));
      await engine.put(simpleKey("longer"), simpleCell("v", at(9000)));
      await engine.put(simpleKey("shorter"), simpleCell("v", at(9000)));
      await engine.put(simpleKey("shorter"), simpleCell("v", at(1000)));
      await engine.put(simpleKey("volatile"), simpleCell("v"));
      await engine.put(simpleKey("volatile"), simpleCell("v", at(1000)));
      expect(engine.counts(0)).toEqual({ rows: 4, expiring: 3 });
      expect(await engine.dropExpired(at(5000), 1000)).toBe(2);
      expect(await keysOf(engine)).toEqual(["kept", "longer"]);
      expect(engine.counts(0)).toEqual({ rows: 2, expiring: 1 });
    }));

  test(`${name}: a collectible cell drops the row, and is not kept`, () =>
    withEngine(async ({ engine, wall }) => {
      await engine.put(simpleKey("a"), simpleCell("v"));
      await engine.put(simpleKey("a"), simpleCell("", wall.nowMs));
      await engine.put(simpleKey("b"), simpleCell("gone before it came", wall.nowMs - 5000));
      expect(await payloadOf(engine, "a")).toBeUndefined();
      expect(await payloadOf(engine, "b")).toBeUndefined();
      expect(engine.counts(0)).toEqual({ rows: 0, expiring: 0 });
    }));

  test(`${name}: what has expired but is not collectible stays, and starves nothing`, () =>
    withEngine(async ({ engine, wall }) => {
      for (let i = 0; i < 300; i++)
        await engine.put(simpleKey(`stuck ${i}`), simpleCell("!", wall.nowMs + 10));
      for (let i = 0; i < 300; i++)
        await engine.put(simpleKey(`free ${i}`), simpleCell("v", wall.nowMs + 20));
      wall.nowMs += 1000;
      let dropped = 0;
      for (let step = 0; step < 20; step++) dropped += await engine.dropExpired(wall.nowMs, 100);
      expect(dropped).toBe(300);
      expect(engine.counts(0)).toEqual({ rows: 300, expiring: 300 });
      expect(await payloadOf(engine, "stuck 7")).toBe("!");
    }));

  test(`${name}: dropExpired looks at no more than about what it is told`, () =>
    withEngine(async ({ engine, wall }) => {
      for (let i = 0; i < 3000; i++)
        await engine.put(simpleKey(`key ${i}`), simpleCell("v", wall.nowMs + 10));
      expect(await engine.dropExpired(wall.nowMs + 10, 100)).toBeLessThan(1000);
      for (let step = 0; step < 100; step++) await engine.dropExpired(wall.nowMs + 10, 100);
      expect(engine.counts(0)).toEqual({ rows: 0, expiring: 0 });
    }));
}
