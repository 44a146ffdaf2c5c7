/** Rows cannot get into tables: writers are told, readers are not concerned, and all goes on by itself afterwards. */
import { expect, test } from "vitest";
import { StoreError } from "../../base/errors.ts";
import type { Background } from "../../runtime/runtime.ts";
import type { Intercept } from "../../sim/sim-disk.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { simpleCell, simpleKey } from "../storage-engine.contract.ts";
import { expectExact, openSmallEngine, overwrite } from "./engine/small-engine.oracle.ts";
import type { LsmEngine } from "./lsm-engine.ts";

/** Puts rows until it is refused; resolves to what it was told. Rejects if it never is. */
async function fillUp(engine: LsmEngine): Promise<unknown> {
  for (let i = 0; i < 5000; i++) {
    try {
      await overwrite(engine, simpleKey(`${i % 700}`), simpleCell(`${i}`.padEnd(200)));
    } catch (cause) {
      return cause;
    }
  }
  throw new Error("nobody was refused");
}

async function isReadable(engine: LsmEngine): Promise<boolean> {
  return engine.get(simpleKey("1"), { bytes: new Uint8Array(0), start: 0, end: 0 });
}

const FAULTS: readonly (readonly [string, Intercept])[] = [
  [
    "tables cannot be written",
    ({ path, kind }) => (path.endsWith(".sst") && kind === "append" ? "EIO" : undefined),
  ],
  [
    "tables cannot be read back",
    ({ path, kind }) => (path.endsWith(".sst") && kind === "read" ? "EIO" : undefined),
  ],
  [
    "the manifest cannot be written",
    ({ path, kind }) => (path.includes("MANIFEST") && kind === "append" ? "EROFS" : undefined),
  ],
];

for (const [what, fault] of FAULTS) {
  test(`writers are refused while ${what}, readers are not, and both go on afterwards`, async () => {
    const world = new SimWorld(3);
    const { clock } = world.runtime("a");
    const run = async (): Promise<void> => {
      const engine = await openSmallEngine(world.runtime("a"), "/data", { fsync: "no" });
      for (let i = 0; i < 3; i++) await overwrite(engine, simpleKey(`${i}`), simpleCell("v"));
      world.disk("a").intercept = fault;
      expect(await fillUp(engine)).toMatchObject({ name: "StoreError", code: "IO", outcome: "unknown" });
      const put = (): unknown => engine.put(simpleKey("refused"), simpleCell("v"));
      expect(put).toThrow(expect.objectContaining({ code: "IO", outcome: "not-applied" }));
      expect(put).toThrow("rows cannot be written to tables");
      expect(await isReadable(engine)).toBe(true);
      await expect(engine.flush()).rejects.toMatchObject({ code: "IO", outcome: "not-applied" });
      world.disk("a").intercept = undefined;
      await clock.sleep(10_000);
      await overwrite(engine, simpleKey("after"), simpleCell("v"));
      await expectExact(engine);
      await engine.close();
      const again = await openSmallEngine(world.runtime("a"), "/data");
      await expectExact(again);
      await again.close();
    };
    await world.runUntil(run());
  });
}

test("writers are refused while every background thread dies", async () => {
  const world = new SimWorld(3);
  const runtime = world.runtime("a");
  let isDying = true;
  const background: Background = {
    close: () => runtime.background.close(),
    run: (task, input) => {
      if (!isDying) return runtime.background.run(task, input);
      return Promise.reject(new StoreError("IO", "unknown", "a background thread ended early"));
    },
  };
  const run = async (): Promise<void> => {
    const engine = await openSmallEngine({ ...runtime, background }, "/data", { fsync: "no" });
    expect(await fillUp(engine)).toMatchObject({
      code: "IO",
      message: expect.stringContaining("ended early"),
    });
    isDying = false;
    await runtime.clock.sleep(10_000);
    await overwrite(engine, simpleKey("after"), simpleCell("v"));
    await expectExact(engine);
    await engine.close();
  };
  await world.runUntil(run());
});

test("a table that is damaged as soon as it is written is written again", async () => {
  const world = new SimWorld(3);
  const run = async (): Promise<void> => {
    const engine = await openSmallEngine(world.runtime("a"), "/data", { fsync: "no" });
    const disk = world.disk("a");
    const damaged = new Set<string>();
    disk.intercept = ({ path, kind }) => {
      if (kind !== "read" || !path.endsWith(".sst") || damaged.size === 2) return undefined;
      if (!damaged.has(path)) disk.flipBit(path, disk.tree.open(path, false).length - 20);
      damaged.add(path);
      return undefined;
    };
    for (let i = 0; engine.statistics.flushCount === 0; i++)
      await overwrite(engine, simpleKey(`${i}`), simpleCell("x".repeat(300)));
    expect(damaged.size).toBe(2);
    disk.intercept = undefined;
    await expectExact(engine);
    await engine.close();
    const again = await openSmallEngine(world.runtime("a"), "/data");
    await expectExact(again);
    await again.close();
  };
  await world.runUntil(run());
});
