import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { utf8 } from "../base/bytes.ts";
import type { Disk } from "../runtime/runtime.ts";
import { SimWorld } from "../sim/sim-runtime.ts";
import { Identity } from "../storage/lsm/directory/identity.ts";
import { saveMarker } from "../storage/lsm/directory/store-marker.ts";
import { openSmallEngine, overwrite } from "../storage/lsm/engine/small-engine.oracle.ts";
import { simpleCell, simpleKey } from "../storage/simple-engine.oracle.ts";
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

/** Where a file says its version, and which bytes its checksum covers: it stands right behind them. */
const VERSIONS: readonly { file: RegExp; version: number; from: number; to: number }[] = [
  { file: /MANIFEST-\d+$/, version: 8, from: 0, to: 20 },
  { file: /\.log$/, version: 8, from: 0, to: 28 },
  { file: /\.sst$/, version: -16, from: -64, to: -12 },
  { file: /IDENTITY$/, version: 8, from: 0, to: -4 },
];

test("files of a newer format are said to be so, in a directory and by themselves", async () => {
  const { world, disk } = await makeDirectory();
  const { random } = world.runtime("a");
  await world.runUntil(Identity.open({ disk, random, directory: "/data" }));
  await world.runUntil(saveMarker(disk, "/data", "node"));
  const rewrite = async (path: string, change: (bytes: Uint8Array) => Uint8Array): Promise<void> => {
    const file = await disk.open(path);
    const bytes = await file.read(0, await file.sizeBytes());
    await file.truncate(0);
    await file.append(change(bytes.slice()));
    await file.close();
  };
  const newer = async (path: string, change: (bytes: Uint8Array) => Uint8Array): Promise<void> => {
    const file = await disk.open(path);
    const before = await file.read(0, await file.sizeBytes());
    await rewrite(path, change);
    for (const asked of ["/data", path]) {
      const inspection = inspect(disk, asked, { json: false, rows: false }, to);
      expect(await inspection).toBe(1);
      expect(said.join("")).toMatch(new RegExp(`^${path} .* UNKNOWN`, "m"));
      expect(said.splice(0).join("")).toContain(`${path}: format 2 was made by a newer version of Kvorum`);
    }
    await rewrite(path, () => before);
  };
  const said: string[] = [];
  const to = { writeOutput: (text: string) => void said.push(text), writeError: () => expect.unreachable() };
  for (const { file, version, from, to: end } of VERSIONS) {
    const path = world
      .disk("a")
      .paths.filter((name) => file.test(name))
      .at(-1)!;
    const change = (bytes: Uint8Array): Uint8Array => {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      const at = (offset: number): number => (offset < 0 ? bytes.length + offset : offset);
      view.setUint32(at(version), 2, true);
      view.setUint32(at(end), crc32(bytes.subarray(at(from), at(end))), true);
      return bytes;
    };
    await world.runUntil(newer(path, change));
  }
  const line = `node 2 ${crc32(utf8("node 2")).toString(16).padStart(8, "0")}\n`;
  await world.runUntil(newer("/data/STORE", () => utf8(line)));
  expect((await run(world, disk, "/data")).exitCode).toBe(0);
});
