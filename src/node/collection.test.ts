/** Deletions go once all replicas know of them, and nothing comes back after that, in a simulated world. */
import { expect, test } from "vitest";
import { utf8 } from "../base/bytes.ts";
import { decodeCell } from "../causality/cell-codec.ts";
import { RowKey } from "../storage/row-key.ts";
import { FixedTown } from "./fixed-town.oracle.ts";
import type { NodeSettings } from "./settings.ts";

const MIB = 1024 * 1024;
const onDisk: Partial<NodeSettings> = {
  storage: "disk",
  fsync: "always",
  memtableBytes: MIB,
  blockCacheBytes: MIB,
};
const KEYS = Array.from({ length: 20 }, (_, i) => `key ${i}`);
/** Enough for a round of exchanges with everybody before and after the members were asked, and one to agree. */
const AGREED_MS = 180_000;

const refOf = (key: string) => ({ database: 0, key: utf8(key) });

async function copyAt(town: FixedTown, index: number, key: string): Promise<Uint8Array | undefined> {
  const { received } = town.node(index).replica;
  return await town.world.runUntil((async () => (await received.load(refOf(key)))?.slice())());
}

/** "live", "deleted" or "gone", of each node. */
async function states(town: FixedTown, key: string): Promise<string> {
  const found: string[] = [];
  for (let index = 0; index < town.names.length; index++) {
    const cell = await copyAt(town, index, key);
    found.push(cell === undefined ? "gone" : decodeCell(cell).siblings.length > 0 ? "live" : "deleted");
  }
  return found.join(" ");
}

/** Puts a cell into the store of one node, behind everybody's back: as a backup of long ago would. */
async function restore(town: FixedTown, index: number, key: string, cell: Uint8Array): Promise<void> {
  const { engine, hashSeed } = town.node(index);
  const rowKey = new RowKey(hashSeed);
  rowKey.encode(0, utf8(key), 0, utf8(key).length);
  await town.world.runUntil(
    (async () => engine.merge(rowKey, { bytes: cell, start: 0, end: cell.length }))(),
  );
}

for (const [storage, settings] of [
  ["memory", {}],
  ["disk", onDisk],
] as const) {
  test(`in ${storage}, deletions go at all replicas, and what was not deleted stays`, async () => {
    const town = await FixedTown.open("all", 3, { settings });
    for (const [i, key] of KEYS.entries()) await town.set(i % 3, key, "there", "all");
    for (const [i, key] of KEYS.entries()) if (i % 2 === 0) await town.delete((i + 1) % 3, key, "all");
    expect(await states(town, KEYS[0]!)).toBe("deleted deleted deleted");
    await town.world.runFor(AGREED_MS);
    for (const [i, key] of KEYS.entries()) {
      expect([key, await states(town, key)]).toEqual([
        key,
        i % 2 === 0 ? "gone gone gone" : "live live live",
      ]);
    }
  }, 120_000);

  test(`in ${storage}, nothing goes while a replica is away, and all of it when that is back`, async () => {
    const town = await FixedTown.open("away", 3, { settings });
    for (const key of KEYS) await town.set(0, key, "there", "all");
    await town.world.runFor(AGREED_MS);
    town.world.kill("n2");
    for (const key of KEYS) await town.delete(0, key, "quorum");
    await town.world.runFor(4 * AGREED_MS);
    const { replica } = town.node(0);
    for (const key of KEYS) expect(await replica.received.load(refOf(key))).toBeDefined();
    await town.start(2);
    await town.world.runFor(2 * AGREED_MS);
    for (const key of KEYS) expect([key, await states(town, key)]).toEqual([key, "gone gone gone"]);
  }, 120_000);
}

test("what comes late of a deletion long gone is not taken, and does not come back", async () => {
  const town = await FixedTown.open("late", 3);
  const old = new Map<string, Uint8Array>();
  for (const key of KEYS) await town.set(0, key, "old", "all");
  for (const key of KEYS) old.set(key, (await copyAt(town, 1, key))!);
  for (const key of KEYS) await town.delete(1, key, "all");
  await town.world.runFor(AGREED_MS);
  const { received } = town.node(2).replica;
  const wallMs = town.world.runtime("n2").clock.wallMs();
  for (const key of KEYS) expect(await received.merge(refOf(key), old.get(key)!, wallMs)).toBe("gone");
  for (const key of KEYS) expect(await states(town, key)).toBe("gone gone gone");
  // A new value does not bring the old one along, and stays.
  await town.set(0, KEYS[0]!, "new", "all");
  await received.merge(refOf(KEYS[0]!), old.get(KEYS[0]!)!, wallMs);
  expect(decodeCell((await copyAt(town, 2, KEYS[0]!))!).siblings).toHaveLength(1);
  expect(await town.get(2, KEYS[0]!, "all")).toBe("new");
}, 60_000);

test("a replica that has an old value back, and nobody the deletion any more, loses it by the exchange", async () => {
  const town = await FixedTown.open("restored", 3);
  const old = new Map<string, Uint8Array>();
  for (const key of KEYS) await town.set(0, key, "old", "all");
  for (const key of KEYS) old.set(key, (await copyAt(town, 1, key))!);
  for (const key of KEYS) await town.delete(1, key, "all");
  await town.world.runFor(AGREED_MS);
  town.world.kill("n1"); // it comes back without memory, bounds included: as from a backup
  await town.start(1);
  for (const key of KEYS) await restore(town, 1, key, old.get(key)!);
  expect(await states(town, KEYS[3]!)).toBe("gone live gone");
  await town.world.runFor(AGREED_MS);
  for (const key of KEYS) expect([key, await states(town, key)]).toEqual([key, "gone gone gone"]);
}, 60_000);

test("what a node wrote that has died since is collected like the rest", async () => {
  const town = await FixedTown.open("ended", 3);
  for (const key of KEYS) await town.set(1, key, "by one that ends", "all");
  town.world.kill("n1");
  await town.start(1);
  await town.world.runFor(60_000);
  for (const key of KEYS) await town.delete(0, key, "all");
  await town.world.runFor(2 * AGREED_MS);
  for (const key of KEYS) expect([key, await states(town, key)]).toEqual([key, "gone gone gone"]);
}, 60_000);
