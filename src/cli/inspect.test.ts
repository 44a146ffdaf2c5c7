import { expect, test } from "vitest";
import type { Disk } from "../runtime/runtime.ts";
import { SimWorld } from "../sim/sim-runtime.ts";
import { openSmallEngine, overwrite } from "../storage/lsm/engine/small-engine.oracle.ts";
import { simpleCell, simpleKey } from "../storage/storage-engine.contract.ts";
import { type InspectOptions, inspect } from "./inspect.ts";

/** A directory with tables and a log, of an engine that still runs. */
async function makeDirectory(): Promise<{ world: SimWorld; disk: Disk }> {
  const world = new SimWorld(1);
  const runtime = world.runtime("a");
  const fill = async (): Promise<void> => {
    const engine = await openSmallEngine(runtime, "/data");
    for (let i = 0; i < 200; i++) await overwrite(engine, simpleKey(`key ${i}`), simpleCell("x".repeat(300)));
    await overwrite(engine, simpleKey("key 7"), simpleCell("", 1));
    await runtime.clock.sleep(1000);
  };
  await world.runUntil(fill());
  return { world, disk: runtime.disk };
}

async function run(world: SimWorld, disk: Disk, path: string, options: Partial<InspectOptions> = {}) {
  let output = "";
  let errors = "";
  const to = {
    writeOutput: (text: string) => {
      output += text;
    },
    writeError: (text: string) => {
      errors += text;
    },
  };
  const exitCode = await world.runUntil(inspect(disk, path, { json: false, rows: false, ...options }, to));
  return { output, errors, exitCode };
}

test("a sound directory is shown file by file, and nothing is changed", async () => {
  const { world, disk } = await makeDirectory();
  const before = world.disk("a").paths;
  world.disk("a").intercept = ({ kind }) =>
    ["append", "truncate", "name", "sync", "syncDirectory"].includes(kind) ? "EROFS" : undefined;
  const { output, exitCode } = await run(world, disk, "/data/");
  expect(exitCode).toBe(0);
  expect(output).toMatch(/^\/data\/MANIFEST-000001 +\d+ +sound +tables \d+/m);
  expect(output).toMatch(/^\/data\/tables\/\d+\.sst +\d+ +sound +rows \d+/m);
  expect(output).toMatch(/^\/data\/log\/\d+\.log +\d+ +sound +segment \d+/m);
  expect(output.endsWith("Everything is sound.\n")).toBe(true);
  expect(world.disk("a").paths).toEqual(before);
});

test("damage is told with file and offset, as text and as JSON", async () => {
  const { world, disk } = await makeDirectory();
  const path = world.disk("a").paths.find((name) => name.endsWith(".sst"))!;
  world.disk("a").flipBit(path, 100);
  const { output, exitCode } = await run(world, disk, "/data");
  expect(exitCode).toBe(1);
  expect(output).toContain("DAMAGED");
  expect(output).toContain(`${path}: offset 0: `);
  const json = await run(world, disk, path, { json: true });
  expect(json.exitCode).toBe(1);
  const { isSound, files } = JSON.parse(json.output);
  expect(isSound).toBe(false);
  expect(files[0].damages[0]).toContain("checksum");
});

test("rows are listed with their keys and what they hold", async () => {
  const { world, disk } = await makeDirectory();
  const { output } = await run(world, disk, "/data", { rows: true });
  expect(output).toContain('db 0  "key 42"  308 bytes');
  expect(output).toMatch(/"key 7" {2}0 bytes {2}forgotten/);
});

test("what is no data directory is not called sound", async () => {
  const { world, disk } = await makeDirectory();
  const { errors, exitCode } = await run(world, disk, "/elsewhere");
  expect(exitCode).toBe(1);
  expect(errors).toBe("kvorum: /elsewhere is neither a data directory nor a file of one\n");
});
