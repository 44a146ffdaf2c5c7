/** A directory is damaged in every way, and a start that is to recover goes on with what is whole of it. */
import { expect, test } from "vitest";
import { toText } from "../../../base/bytes.ts";
import type { Logger } from "../../../base/logger.ts";
import { silentLogger } from "../../../base/logger.ts";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { simpleCell, simpleKey } from "../../simple-engine.oracle.ts";
import { expectExact, openSmallEngine, overwrite } from "../engine/small-engine.oracle.ts";
import type { LsmEngine } from "../lsm-engine.ts";

const ROWS = 60;
const ROUNDS = 4;
const TINY = {
  segmentBytes: 8192,
  tableBytes: 4096,
  cacheBytes: 0,
  picker: { level0Count: 3, level1Bytes: 8192, levelRatio: 2, level0BytesMax: 2 ** 20 },
} as const;
const DELETED = (row: number): boolean => row % 7 === 3;

function cellOf(row: number, round: number): ReturnType<typeof simpleCell> {
  if (DELETED(row) && round === ROUNDS - 1) return simpleCell("", 1);
  return simpleCell(`${round} ${row} ${"x".repeat(100 + row)}`);
}

/** Rows in several levels and in the log, the last version of each in no order, some of them deleted at last. */
async function fill(world: SimWorld): Promise<void> {
  const engine = await openSmallEngine(world.runtime("a"), "/data", TINY);
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < ROWS; i++) {
      const row = (i * 17 + round * 5) % ROWS;
      await overwrite(engine, simpleKey(`${row}`), cellOf(row, round));
    }
    await world.runtime("a").clock.sleep(500);
  }
  expect(engine.statistics.levels.filter(({ tables }) => tables > 0).length).toBeGreaterThan(1);
  await engine.close();
}

/** What each row is: its round and its number; undefined if there is none. */
async function rowsIn(engine: LsmEngine): Promise<(string | undefined)[]> {
  const found: (string | undefined)[] = [];
  for (let row = 0; row < ROWS; row++) {
    const into = { bytes: new Uint8Array(0), start: 0, end: 0 };
    const isThere = await engine.get(simpleKey(`${row}`), into);
    const text = toText(into.bytes.subarray(into.start + 8, into.end));
    found.push(isThere ? text.split(" ").slice(0, 2).join(" ") : undefined);
  }
  return found;
}

const WHOLE = Array.from({ length: ROWS }, (_, row) => (DELETED(row) ? undefined : `${ROUNDS - 1} ${row}`));

/** Opens it in spite of damage; then it is exact, and stays so without being told to recover. */
async function recover(world: SimWorld, logger: Logger = silentLogger): Promise<(string | undefined)[]> {
  const engine = await openSmallEngine(world.runtime("a"), "/data", { ...TINY, recover: true, logger });
  expect(engine.statistics.damagedFiles).toBeGreaterThan(0);
  await expectExact(engine);
  const rows = await rowsIn(engine);
  await overwrite(engine, simpleKey("later"), simpleCell("1"));
  await engine.close();
  const again = await openSmallEngine(world.runtime("a"), "/data", { ...TINY, recover: true });
  expect(again.statistics.damagedFiles).toBe(0);
  await expectExact(again);
  expect(await rowsIn(again)).toEqual(rows);
  await again.close();
  const last = await openSmallEngine(world.runtime("a"), "/data", TINY);
  expect(await rowsIn(last)).toEqual(rows);
  await last.close();
  return rows;
}

async function refuses(world: SimWorld): Promise<void> {
  await expect(openSmallEngine(world.runtime("a"), "/data", TINY)).rejects.toMatchObject({
    code: "CORRUPTION",
    message: expect.stringContaining("start with --recover to go on without what is damaged"),
  });
}

async function withDamage(
  damage: (world: SimWorld) => void | Promise<void>,
  body: (world: SimWorld) => Promise<void>,
): Promise<void> {
  const world = new SimWorld(1);
  const run = async (): Promise<void> => {
    await fill(world);
    await damage(world);
    await body(world);
  };
  await world.runUntil(run());
}

const tablesOf = (world: SimWorld): string[] =>
  world.disk("a").paths.filter((path) => path.startsWith("/data/tables/"));
const manifestOf = (world: SimWorld): string =>
  world.disk("a").paths.find((path) => path.startsWith("/data/MANIFEST"))!;
const quarantineOf = (world: SimWorld): string[] =>
  world.disk("a").paths.filter((path) => path.startsWith("/data/quarantine/"));

async function sizeOf(world: SimWorld, path: string): Promise<number> {
  const file = await world.runtime("a").disk.open(path, { create: false });
  return file.sizeBytes().finally(() => file.close());
}

test("a directory that is whole is left as it is", () =>
  withDamage(
    () => undefined,
    async (world) => {
      const before = tablesOf(world);
      const engine = await openSmallEngine(world.runtime("a"), "/data", { ...TINY, recover: true });
      expect(engine.statistics.damagedFiles).toBe(0);
      expect(await rowsIn(engine)).toEqual(WHOLE);
      expect(tablesOf(world)).toEqual(before);
      await engine.close();
    },
  ));

test("of a table with a damaged block, all other rows go on", () =>
  withDamage(
    (world) => world.disk("a").flipBit(tablesOf(world).at(-1)!, 10),
    async (world) => {
      const rows = await recover(world);
      const changed = rows.filter((row, i) => row !== WHOLE[i]).length;
      expect(changed).toBeGreaterThan(0);
      expect(changed).toBeLessThan(12); // the rows of one block, of 1 KiB
      expect(quarantineOf(world)).toHaveLength(1);
    },
  ));

test("a table whose end is damaged is refused, and its sound blocks go on if they can be found", async () => {
  const lost: number[] = [];
  for (let back = 1; back < 400; back += 31) {
    await withDamage(
      async (world) => {
        const path = tablesOf(world).at(-1)!;
        world.disk("a").flipBit(path, (await sizeOf(world, path)) - back);
      },
      async (world) => {
        await refuses(world);
        const rows = await recover(world);
        lost.push(rows.filter((row, i) => row !== WHOLE[i]).length);
        expect(quarantineOf(world)).toHaveLength(1);
      },
    );
  }
  expect(lost).toContain(0); // sums, filter, properties
  expect(Math.max(...lost)).toBeGreaterThan(0); // index, footer
  expect(Math.max(...lost)).toBeLessThan(ROWS);
});

test("without a table, the rows of the others go on, and it is told which may be gone", async () => {
  const told: object[] = [];
  const logger: Logger = { ...silentLogger, error: (fields) => told.push(fields) };
  await withDamage(
    (world) => world.runtime("a").disk.remove(tablesOf(world)[0]!),
    async (world) => {
      await refuses(world);
      const rows = await recover(world, logger);
      expect(rows.filter((row, i) => row === WHOLE[i]).length).toBeGreaterThan(ROWS / 4);
      expect(told).toMatchObject([
        {
          keptAs: undefined,
          rows: expect.stringMatching(/^slots \d+ to \d+, row keys [0-9a-f]+ to [0-9a-f]+$/),
        },
      ]);
    },
  );
});

test("with CURRENT lost or damaged, the newest manifest counts, and every row is there", async () => {
  for (const damage of [
    (world: SimWorld) => world.runtime("a").disk.remove("/data/CURRENT"),
    (world: SimWorld) => world.disk("a").flipBit("/data/CURRENT", 12),
  ]) {
    await withDamage(damage, async (world) => {
      await refuses(world);
      expect(await recover(world)).toEqual(WHOLE);
    });
  }
});

test("with the manifest lost or damaged, tables and logs say themselves which rows are the newest", async () => {
  for (const damage of [
    (world: SimWorld) => world.runtime("a").disk.remove(manifestOf(world)),
    (world: SimWorld) => world.disk("a").flipBit(manifestOf(world), 300),
  ]) {
    await withDamage(damage, async (world) => {
      await refuses(world);
      const rows = await recover(world);
      for (const [row, found] of rows.entries()) {
        if (DELETED(row)) expect([undefined, ...rounds(row)]).toContain(found);
        else expect(found).toBe(WHOLE[row]);
      }
      const back = rows.filter((found, row) => DELETED(row) && found !== undefined).length;
      expect(back).toBeLessThan(rows.filter((_, row) => DELETED(row)).length / 2);
    });
  }
});

function rounds(row: number): string[] {
  return Array.from({ length: ROUNDS }, (_, round) => `${round} ${row}`);
}

test("of a damaged log, whole batches go on, and sums are exact", () =>
  withDamage(
    async (world) => {
      const path = world.disk("a").paths.findLast((name) => name.endsWith(".log"))!;
      world.disk("a").flipBit(path, 200);
    },
    async (world) => {
      await refuses(world);
      const rows = await recover(world);
      expect(rows.filter((row, i) => row !== WHOLE[i]).length).toBeLessThanOrEqual(2);
      expect(quarantineOf(world)).toHaveLength(1);
    },
  ));

test("a crash at any step of it loses nothing more", async () => {
  const damage = (world: SimWorld): void => world.disk("a").flipBit(tablesOf(world).at(-1)!, 10);
  let expected: (string | undefined)[] = [];
  await withDamage(damage, async (world) => {
    expected = await recover(world);
  });
  let crashes = 0;
  for (let step = 1; ; step += 11) {
    const world = new SimWorld(1);
    await world.runUntil(fill(world));
    damage(world);
    let countdown = step;
    let hasCrashed = false;
    world.disk("a").intercept = ({ kind }) => {
      if (kind === "read" || kind === "open" || kind === "list" || kind === "close") return undefined;
      if (--countdown === 0) {
        hasCrashed = true;
        world.crash("a");
      }
      return undefined;
    };
    let isOver = false;
    openSmallEngine(world.runtime("a"), "/data", { ...TINY, recover: true }).then(
      () => {
        isOver = true;
      },
      () => undefined,
    );
    for (let i = 0; i < 100 && !isOver && !hasCrashed; i++) await world.runFor(50);
    world.disk("a").intercept = undefined;
    if (!hasCrashed) break;
    crashes++;
    const check = async (): Promise<void> => {
      const engine = await openSmallEngine(world.runtime("a"), "/data", { ...TINY, recover: true });
      await expectExact(engine);
      expect(await rowsIn(engine)).toEqual(expected);
      await engine.close();
    };
    await world.runUntil(check());
  }
  expect(crashes).toBeGreaterThan(1);
});
