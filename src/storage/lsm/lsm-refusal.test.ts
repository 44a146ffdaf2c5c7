/** Rows cannot get into tables: writers are told, readers are not concerned, and all goes on by itself afterwards. */
import { expect, test } from "vitest";
import { replacing } from "../../../test/support/replacing.ts";
import { StoreError } from "../../base/errors.ts";
import type { Background, Disk, Runtime } from "../../runtime/runtime.ts";
import type { Intercept } from "../../sim/sim-disk.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { simpleCell, simpleKey } from "../simple-engine.oracle.ts";
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

/** What a clear says, and that it goes on whatever it says. */
async function expectCleared(engine: LsmEngine, message: string, mend: () => void): Promise<void> {
  await expect(engine.clear()).rejects.toMatchObject({
    code: "IO",
    outcome: "unknown",
    message: expect.stringContaining(message),
  });
  expect(engine.counts(0).rows).toBe(0);
  await overwrite(engine, simpleKey("after"), simpleCell("v"));
  mend();
  await engine.clear();
  await overwrite(engine, simpleKey("later"), simpleCell("v"));
  await engine.close();
}

test("a clear that cannot be made durable says so, and becomes so by itself", async () => {
  const world = new SimWorld(3);
  const run = async (): Promise<void> => {
    const engine = await openSmallEngine(world.runtime("a"), "/data");
    const disk = world.disk("a");
    await overwrite(engine, simpleKey("before"), simpleCell("v"));
    disk.intercept = ({ path, kind }) =>
      path.includes("MANIFEST") && kind === "append" ? "ENOSPC" : undefined;
    await expectCleared(engine, "disk full", () => {
      disk.intercept = undefined;
    });
    const again = await openSmallEngine(world.runtime("a"), "/data");
    expect(again.counts(0).rows).toBe(1);
    await again.close();
  };
  await world.runUntil(run());
});

/** The machine's runtime, on whose disk appends to some files wait until `answer` is called. */
function silencing(
  runtime: Runtime,
  isSilent: (path: string) => boolean,
): { readonly runtime: Runtime; readonly answer: () => void } {
  let answer!: () => void;
  const silence = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const open: Disk["open"] = async (path, options) => {
    const file = await runtime.disk.open(path, options);
    const append = (bytes: Uint8Array): Promise<void> =>
      (isSilent(path) ? silence : Promise.resolve()).then(() => file.append(bytes));
    return replacing(file, { append });
  };
  const disk = replacing(runtime.disk, { open });
  const background: Background = {
    run: async (task, input) => structuredClone(await task.run({ ...runtime, disk }, structuredClone(input))),
    close: () => runtime.background.close(),
  };
  return { runtime: { ...runtime, disk, background }, answer };
}

test("a clear does not wait for ever for a disk that does not answer", async () => {
  const world = new SimWorld(3);
  let isOpen = false;
  const { runtime, answer } = silencing(world.runtime("a"), (path) => isOpen && path.includes("MANIFEST"));
  const run = async (): Promise<void> => {
    const engine = await openSmallEngine(runtime, "/data");
    await overwrite(engine, simpleKey("before"), simpleCell("v"));
    isOpen = true;
    await expectCleared(engine, "the disk does not answer", answer);
  };
  await world.runUntil(run());
});

test("writers are refused when no table is written for long, readers are not, and both go on afterwards", async () => {
  const world = new SimWorld(3);
  const { runtime, answer } = silencing(world.runtime("a"), (path) => path.endsWith(".sst"));
  const run = async (): Promise<void> => {
    const engine = await openSmallEngine(runtime, "/data", { fsync: "no", diskTimeoutMs: 5000 });
    const startMs = runtime.clock.monotonicMs();
    expect(await fillUp(engine)).toMatchObject({ code: "IO", outcome: "unknown" });
    expect(runtime.clock.monotonicMs() - startMs).toBeGreaterThan(5000);
    const put = (): unknown => engine.put(simpleKey("refused"), simpleCell("v"));
    expect(put).toThrow(/^rows cannot be written to tables: none was for \d+ s, and memory is full of them$/);
    expect(engine.writes.refusalText).toMatch(/none was for/);
    expect(await isReadable(engine)).toBe(true);
    answer();
    await runtime.clock.sleep(1000);
    expect(engine.writes.refusalText).toBeUndefined();
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
