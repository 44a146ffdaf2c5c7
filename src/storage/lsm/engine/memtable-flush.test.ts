import { expect, test } from "vitest";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { sampleCell } from "../table/table-samples.oracle.ts";
import { directory, SmallStore } from "./small-store.oracle.ts";

async function withStore(body: (store: SmallStore, world: SimWorld) => Promise<void>): Promise<void> {
  const world = new SimWorld(1);
  const runtime = world.runtime("a");
  const run = async (): Promise<void> => {
    await runtime.disk.makeDirectory(directory);
    await body(new SmallStore(runtime), world);
  };
  await world.runUntil(run());
}

test("of each row the newest version is written, and the sums take out what was superseded", () =>
  withStore(async (store) => {
    for (const wallMs of [1, 2, 3]) {
      for (const name of ["a", "b"])
        store.put(name, sampleCell(`${wallMs}`, { wallMs, expiresAtMs: 50 * wallMs }));
      store.put("c", sampleCell(wallMs === 2 ? "" : "here", { wallMs }));
      store.put("a", sampleCell("again", { wallMs: 10 * wallMs }));
      await store.flush();
      expect(await store.scan()).toEqual(store.rows);
      await store.checkSums();
    }
    expect(store.version.level0.map(({ age, number }) => [age, number])).toEqual([
      [3, 3],
      [2, 2],
      [1, 1],
    ]);
    expect(store.version.level0[0]!.properties.rowCount).toBe(3);
  }));

test("a full disk is told, and nothing is left", () =>
  withStore(async (store, world) => {
    store.put("a", sampleCell("x".repeat(5000)));
    world.disk("a").capacityBytes = 100;
    await expect(store.flush()).rejects.toMatchObject({ code: "IO", cause: { code: "ENOSPC" } });
    expect(world.disk("a").paths).toEqual([]);
  }));
