import { expect, test } from "vitest";
import type { Runtime } from "../../../runtime/runtime.ts";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { slotOfRow } from "../../row-key.ts";
import type { Compaction } from "../compaction/picker.ts";
import { sampleCell } from "../table/table-samples.oracle.ts";
import { directory, rowsOf, SmallStore } from "./small-store.oracle.ts";

async function withStore(
  body: (store: SmallStore, runtime: Runtime, world: SimWorld) => Promise<void>,
): Promise<void> {
  const world = new SimWorld(1);
  const runtime = world.runtime("a");
  const run = async (): Promise<void> => {
    await runtime.disk.makeDirectory(directory);
    await body(new SmallStore(runtime), runtime, world);
  };
  await world.runUntil(run(), 1e9);
}

const cell = (wallMs: number): Uint8Array => sampleCell(`payload ${wallMs}`, { wallMs });
const all = (store: SmallStore, targetLevel = 1): Compaction => ({
  kind: "merge",
  targetLevel,
  inputs: store.version.tables,
});

async function fill(store: SmallStore, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    store.put(`key ${i}`, cell(i + 1));
    if (i % 50 === 49) await store.flush();
  }
  await store.flush();
}

test("outputs are cut at about the size asked for, and where a slot ends", () =>
  withStore(async (store, runtime) => {
    store.tableBytes = 1000;
    for (let i = 0; i < 200; i++) store.put(`{${i % 40}}${i}`, cell(i + 1));
    await store.flush();
    const added = await store.run(all(store));
    expect(added.length).toBeGreaterThan(3);
    const slots: number[][] = [];
    for (const table of added) {
      expect(table.fileBytes).toBeLessThan(3000);
      const rows = await rowsOf(runtime, table);
      slots.push(rows.map(([key]) => slotOfRow(Buffer.from(key, "hex"), 0)));
    }
    for (let i = 1; i < slots.length; i++) expect(slots[i]![0]).toBeGreaterThan(slots[i - 1]!.at(-1)!);
    expect(await store.scan()).toEqual(store.rows);
    await store.checkSums();
  }));

test("a slot too large for one table is cut inside", () =>
  withStore(async (store) => {
    store.tableBytes = 300;
    for (let i = 0; i < 100; i++) store.put(`{one}${i}`, cell(i + 1));
    await store.flush();
    const added = await store.run(all(store));
    expect(added.length).toBeGreaterThan(2);
    expect(await store.scan()).toEqual(store.rows);
    await store.checkSums();
  }));

test("without further file numbers, the last table takes the rest", () =>
  withStore(async (store) => {
    store.tableBytes = 1;
    await fill(store, 60);
    const added = await store.run(all(store));
    expect(added).toHaveLength(20);
    expect(await store.scan()).toEqual(store.rows);
  }));

test("a merge of forgotten rows only leaves no table", () =>
  withStore(async (store, { disk }) => {
    store.put("a", cell(1), 3);
    store.put("b", cell(2));
    await store.flush();
    store.forget("a", 3);
    store.forget("b");
    await store.flush();
    expect(await store.run(all(store))).toEqual([]);
    expect(await disk.list(directory)).toEqual(["000001.sst", "000002.sst"]); // the inputs'
    await store.checkSums();
  }));

test("a forgotten row stays while a lower table may have an older version of it", () =>
  withStore(async (store) => {
    store.put("a", cell(1));
    await store.flush();
    await store.run(all(store, 3));
    store.put("b", cell(2));
    store.forget("a");
    await store.flush();
    const [upper, lower] = store.version.tables;
    const added = await store.run({ kind: "merge", targetLevel: 2, inputs: [upper!] });
    expect(added).toMatchObject([{ age: 2, horizonMs: 0, level: 2, properties: { rowCount: 2 } }]);
    expect((await store.scan()).size).toBe(2);
    await store.checkSums();
    const last = await store.run({ kind: "merge", targetLevel: 3, inputs: [...added, lower!] });
    expect(last).toMatchObject([{ age: 2, horizonMs: 1, level: 3, properties: { rowCount: 1 } }]);
    expect((await store.scan()).size).toBe(1);
    await store.checkSums();
  }));

/** About `count` times 20 kB. */
async function fillWithLargeRows(store: SmallStore, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    store.put(
      `large ${i}`,
      sampleCell(
        Uint8Array.from({ length: 20_000 }, (_, at) => at * i * 7),
        { wallMs: 9 },
      ),
    );
    if (i % 3 === 2) await store.flush();
  }
  await store.flush();
}

test("a task keeps to the speed it was told, and to the next one", () =>
  withStore(async (store, { clock }) => {
    await fillWithLargeRows(store, 60);
    store.control.bytesPerSecond = 100_000;
    const startMs = clock.monotonicMs();
    await store.run(all(store));
    const slowMs = clock.monotonicMs() - startMs;
    expect(slowMs).toBeGreaterThan(9000);
    expect(slowMs).toBeLessThan(13_000);
    store.control.bytesPerSecond = 0;
    const restartMs = clock.monotonicMs();
    await store.run(all(store, 2));
    expect(clock.monotonicMs() - restartMs).toBeLessThan(1000);
  }));

test("a task that is told to stop stops soon, however slow it goes, and leaves nothing", () =>
  withStore(async (store, { disk, clock }) => {
    await fillWithLargeRows(store, 60);
    const before = await disk.list(directory);
    store.control.bytesPerSecond = 1024;
    const stopped = expect(store.run(all(store))).rejects.toMatchObject({
      code: "CLOSED",
      outcome: "not-applied",
    });
    await clock.sleep(5000);
    expect((await disk.list(directory)).length).toBeGreaterThan(before.length);
    store.control.stop();
    const stopMs = clock.monotonicMs();
    await stopped;
    expect(clock.monotonicMs() - stopMs).toBeLessThan(200);
    expect(await disk.list(directory)).toEqual(before);
  }));

test("on a full disk a task fails and leaves nothing", () =>
  withStore(async (store, { disk }, world) => {
    await fillWithLargeRows(store, 60);
    const before = await disk.list(directory);
    world.disk("a").capacityBytes = world.disk("a").usedBytes + 10_000;
    await expect(store.run(all(store))).rejects.toMatchObject({ code: "IO", cause: { code: "ENOSPC" } });
    expect(await disk.list(directory)).toEqual(before);
  }));

test("a damaged input is told, and nothing comes of it", () =>
  withStore(async (store, { disk }, world) => {
    await fill(store, 60);
    world.disk("a").flipBit(`${directory}/000001.sst`, 20);
    await expect(store.run(all(store))).rejects.toThrow("000001.sst: offset 0");
    expect(await disk.list(directory)).toEqual(["000001.sst", "000002.sst"]);
  }));
