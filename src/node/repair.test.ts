/** Replicas that differ become equal by themselves, in a simulated world. */
import { expect, test } from "vitest";
import { utf8 } from "../base/bytes.ts";
import { NEVER } from "../causality/cell.ts";
import type { Change } from "../replication/step.ts";
import { FixedTown } from "./fixed-town.oracle.ts";
import type { NodeSettings } from "./settings.ts";

const ROWS = 40;
const MIB = 1024 * 1024;
const onDisk: Partial<NodeSettings> = {
  storage: "disk",
  fsync: "always",
  memtableBytes: MIB,
  blockCacheBytes: MIB,
};

/** What the node has by itself: keys with their values; null where it knows that there is none. */
async function ownRows(town: FixedTown, index: number): Promise<Map<string, string | null>> {
  const found = new Map<string, string | null>();
  const { replica } = town.node(index);
  const wallMs = town.world.runtime(town.names[index]!).clock.wallMs();
  for (const key of KEYS) {
    const view = await town.world.runUntil(
      (async () =>
        replica.read({ database: 0, key: utf8(key) }, { wallMs, touch: false }, ({ value, cell }) => ({
          value: value && Buffer.from(value).toString(),
          isKnown: cell !== undefined,
        })))(),
    );
    if (view.isKnown) found.set(key, view.value ?? null);
  }
  return found;
}

const KEYS = Array.from({ length: ROWS }, (_, i) => `key ${i}`);

/** Writes to one node's copy alone, as if nobody else had been told. */
async function writeAlone(town: FixedTown, index: number, key: string, change: Change): Promise<void> {
  const { replica } = town.node(index);
  const wallMs = town.world.runtime(town.names[index]!).clock.wallMs();
  const step = (): { reply: undefined; change: Change } => ({ reply: undefined, change });
  await town.world.runUntil((async () => replica.update({ database: 0, key: utf8(key) }, wallMs, step))());
}

const put = (text: string): Change => ({ kind: "put", value: utf8(text), expiresAtMs: NEVER });

test("what one replica alone has, or has deleted, all have after a while; nothing is back", async () => {
  const town = await FixedTown.open("alone", 3);
  for (const key of KEYS.slice(0, 30)) await town.set(0, key, "old", "all");
  for (const [i, key] of KEYS.entries()) {
    if (i % 4 === 1) await writeAlone(town, i % 3, key, { kind: "delete" });
    if (i % 4 === 2) await writeAlone(town, i % 3, key, put(`new ${i}`));
  }
  await town.world.runFor(90_000);
  for (const index of [0, 1, 2]) {
    const rows = await ownRows(town, index);
    for (const [i, key] of KEYS.entries()) {
      const before = i < 30 ? "old" : undefined;
      const expected = i % 4 === 1 ? (i < 30 ? null : undefined) : i % 4 === 2 ? `new ${i}` : before;
      if (expected === undefined) expect(rows.get(key) ?? undefined).toBe(undefined);
      else expect([key, rows.get(key) ?? null]).toEqual([key, expected]); // what was deleted may be forgotten by now
    }
  }
});

test("a node that has lost all it had in memory gets it back", async () => {
  const town = await FixedTown.open("blank", 3);
  for (const key of KEYS) await town.set(0, key, "there", "all");
  await town.delete(0, KEYS[0]!, "all");
  town.world.kill("n1");
  await town.start(1);
  expect((await ownRows(town, 1)).size).toBe(0);
  await town.world.runFor(60_000);
  expect(await ownRows(town, 1)).toEqual(await ownRows(town, 0));
  const rows = await ownRows(town, 1);
  expect(rows.get(KEYS[0]!) ?? null).toBe(null); // it may be forgotten by now
  expect([...rows.values()].filter((value) => value === "there")).toHaveLength(ROWS - 1);
});

test("a repair that is asked for mends all slots asked for, and says what it did", async () => {
  const town = await FixedTown.open("asked", 3);
  for (const key of KEYS) await writeAlone(town, 0, key, put("a"));
  await writeAlone(town, 2, "key 1", put("c"));
  const { repair } = town.node(1).cluster!;
  const run = await town.world.runUntil(repair.repair(), 60_000);
  expect(run).toMatchObject({ isOver: true, progress: 1 });
  expect(run.failures.size).toBe(0);
  expect(run.totals).toMatchObject({ exchanges: 3, failures: 0, refused: 0 });
  // n0 gave 40 rows; n2 gave one, a sibling, and took 40, or fetched some of them itself; n0 showed what it had of that
  // one, and took the sibling.
  expect(run.totals.pulled).toBe(42);
  expect(run.totals.pushed).toBeLessThanOrEqual(41);
  const rows = await ownRows(town, 1);
  expect(rows.size).toBe(ROWS);
  expect(await ownRows(town, 0)).toEqual(rows);
  expect(await ownRows(town, 2)).toEqual(rows);
});

test("a repair tells whom it could not reach, and there is one at a time", async () => {
  const town = await FixedTown.open("unreached", 3);
  town.world.kill("n2");
  await town.world.runFor(5_000);
  const { repair } = town.node(0).cluster!;
  const first = repair.repair();
  await expect(repair.repair()).rejects.toMatchObject({ code: "OVERLOADED", outcome: "not-applied" });
  const run = await town.world.runUntil(first, 60_000);
  expect([...run.failures]).toEqual([[town.ids[2], "it is down"]]);
  expect(run.totals.exchanges).toBe(1);
});

test("rows of a damaged table come back from the others, and the node writes as another actor", async () => {
  const town = await FixedTown.open("damage", 3, { settings: onDisk });
  for (const key of KEYS) await town.set(0, key, `${key} ${"x".repeat(2_000)}`, "all");
  const actor = town.node(1).actor;
  await town.world.runUntil(town.node(1).close());
  const disk = town.world.disk("n1");
  const log = disk.paths.find((path) => path.endsWith(".log"))!;
  disk.flipBit(log, 20_000);
  disk.flipBit(log, 50_000);
  await town.start(1, { recover: true });
  expect((await ownRows(town, 1)).size).toBeLessThan(ROWS);
  expect(town.node(1).actor).not.toBe(actor);
  await town.world.runFor(60_000);
  expect(await ownRows(town, 1)).toEqual(await ownRows(town, 0));
  expect((await ownRows(town, 1)).size).toBe(ROWS);
}, 120_000);

test("a counter goes on right where its row was lost and came back", async () => {
  const town = await FixedTown.open("counter", 3, { settings: onDisk });
  const disk = town.world.disk("n1");
  for (let i = 0; i < 5; i++) await increment(town, 1);
  const log = disk.paths.find((path) => path.endsWith(".log"))!;
  const sizeBytes = await sizeOf(town, 1, log);
  await town.set(1, "key 1", "later", "all"); // else it would be taken for a write that a crash cut short
  await town.world.runUntil(town.node(1).close());
  for (let at = 300; at < sizeBytes; at += 40) disk.flipBit(log, at);
  await town.start(1, { recover: true });
  const left = Number((await ownRows(town, 1)).get("key 0") ?? 0);
  expect(left).toBeLessThan(5);
  await increment(town, 1); // before anything was repaired
  await town.world.runFor(60_000);
  for (const index of [0, 1, 2]) expect((await ownRows(town, index)).get("key 0")).toBe("6");
}, 120_000);

test("a counter goes on right after a power failure took what its node had not synced yet", async () => {
  const town = await FixedTown.open("power", 3, { settings: { ...onDisk, fsync: "no" } });
  for (let i = 0; i < 5; i++) await increment(town, 1);
  town.world.crash("n1");
  await town.start(1);
  const left = Number((await ownRows(town, 1)).get("key 0") ?? 0);
  expect(left).toBeLessThan(5);
  await increment(town, 1);
  await town.world.runFor(60_000);
  for (const index of [0, 1, 2]) expect((await ownRows(town, index)).get("key 0")).toBe("6");
}, 120_000);

async function sizeOf(town: FixedTown, index: number, path: string): Promise<number> {
  const { disk } = town.world.runtime(town.names[index]!);
  const file = await town.world.runUntil(disk.open(path, { create: false }));
  return town.world.runUntil(file.sizeBytes());
}

async function increment(town: FixedTown, index: number): Promise<void> {
  const { coordinator } = town.node(index).cluster!;
  const options = { level: "quorum" as const, isSloppy: true, readLevel: undefined };
  const step = (): { reply: undefined; change: Change } => ({
    reply: undefined,
    change: { kind: "increment", by: 1n },
  });
  await town.world.runUntil(coordinator.update({ database: 0, key: utf8("key 0") }, options, step), 20_000);
}

test("a node that evicts rows takes no part", async () => {
  const town = await FixedTown.open("evicting", 3);
  for (const key of KEYS) await writeAlone(town, 0, key, put("a"));
  const { main } = town.node(1).engine;
  Object.assign(main, { statistics: { ...main.statistics, evictedRows: 1 } });
  await expect(town.node(1).cluster!.repair.repair()).rejects.toMatchObject({ code: "OVERLOADED" });
  const run = await town.world.runUntil(town.node(0).cluster!.repair.repair(), 60_000);
  expect([...run.failures.keys()]).toEqual([town.ids[1]]);
  expect((await ownRows(town, 1)).size).toBe(0);
  expect((await ownRows(town, 2)).size).toBe(ROWS);
});
