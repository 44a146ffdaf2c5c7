/**
 * Opens a checkpoint that format 1 wrote, for ever: marker, manifest, and tables of several levels. The files were
 * written once and are never written again. KVORUM_WRITE_GOLDEN=v2 writes those of another version, from the same rows,
 * if they are not there.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { toText } from "../../base/bytes.ts";
import type { Disk } from "../../runtime/runtime.ts";
import { SimWorld } from "../../sim/sim-runtime.ts";
import { keyRange } from "../row-key.ts";
import { simpleCell, simpleKey } from "../simple-engine.oracle.ts";
import { writeCheckpoint } from "./directory/checkpoint.ts";
import { checkDirectory } from "./directory/directory-check.ts";
import { loadMarker, saveMarker } from "./directory/store-marker.ts";
import { expectExact, openSmallEngine, overwrite } from "./engine/small-engine.oracle.ts";
import type { LsmEngine } from "./lsm-engine.ts";

const ROWS = 40;
const ROUNDS = 4;
const WRITTEN_VERSION = process.env.KVORUM_WRITE_GOLDEN;
const SMALL = { segmentBytes: 4096, tableBytes: 2048, fsync: "no" } as const;

function folderOf(version: string): string {
  return fileURLToPath(new URL(`testdata/${version}/checkpoint/`, import.meta.url));
}

/** After the last round, every seventh row is deleted. */
const isDeleted = (row: number): boolean => row % 7 === 0;
const textOf = (row: number, round: number): string => `${row} in round ${round} `.padEnd(60, "x");

async function fill(engine: LsmEngine): Promise<void> {
  for (let round = 0; round < ROUNDS; round++)
    for (let row = 0; row < ROWS; row++)
      await overwrite(engine, simpleKey(`row ${row}`, row % 2), simpleCell(textOf(row, round)));
  for (let row = 0; row < ROWS; row++)
    if (isDeleted(row)) await overwrite(engine, simpleKey(`row ${row}`, row % 2), simpleCell("", 1));
}

/** Every file of the directory, by its path in it. */
function filesIn(folder: string, inside = ""): [string, Uint8Array][] {
  return readdirSync(folder + inside).flatMap((name) => {
    const path = inside + name;
    if (statSync(folder + path).isDirectory()) return filesIn(folder, `${path}/`);
    return [[path, new Uint8Array(readFileSync(folder + path))]];
  });
}

async function place(disk: Disk, version: string): Promise<void> {
  for (const directory of ["/c/tables", "/c/log"]) await disk.makeDirectory(directory);
  for (const [path, bytes] of filesIn(folderOf(version))) {
    const file = await disk.open(`/c/${path}`);
    await file.append(bytes);
    await file.close();
  }
}

test.each(readdirSync(fileURLToPath(new URL("testdata/", import.meta.url))))(
  "a checkpoint of format %s opens, with every row",
  async (version) => {
    const world = new SimWorld(1);
    const runtime = world.runtime("a");
    const read = async (): Promise<void> => {
      await place(runtime.disk, version);
      expect(await loadMarker(runtime.disk, "/c")).toBe("node");
      const checks = await checkDirectory(runtime.disk, "/c");
      expect(checks.flatMap(({ damages }) => damages)).toEqual([]);
      const engine = await openSmallEngine(runtime, "/c");
      expect(engine.statistics.tableCount).toBeGreaterThan(3);
      await expectExact(engine);
      const found = new Map<string, string>();
      const rows = engine.scan(new Uint8Array(0), undefined);
      while (await rows.next()) {
        const { start, end } = keyRange(rows.key.bytes, rows.key.start);
        const name = toText(rows.key.bytes.subarray(start, Math.min(end, rows.key.end)));
        found.set(name, toText(rows.cell.bytes.subarray(rows.cell.start + 8, rows.cell.end)));
      }
      const wanted = Array.from({ length: ROWS }, (_, row) => row).filter((row) => !isDeleted(row));
      expect(found).toEqual(new Map(wanted.map((row) => [`row ${row}`, textOf(row, ROUNDS - 1)])));
      await engine.close();
    };
    await world.runUntil(read());
  },
);

test.runIf(WRITTEN_VERSION !== undefined)("writes the files of a version", async () => {
  const folder = folderOf(WRITTEN_VERSION!);
  expect(existsSync(folder), "golden files are never written again").toBe(false);
  const world = new SimWorld(1);
  const runtime = world.runtime("a");
  const { disk } = runtime;
  const write = async (): Promise<void> => {
    const engine = await openSmallEngine(runtime, "/data", SMALL);
    await saveMarker(disk, "/data", "node");
    await fill(engine);
    await runtime.clock.sleep(1000);
    const { version, release } = await engine.flush();
    await writeCheckpoint({ disk, directory: "/data", target: "/c", version, logs: [] });
    release();
    await engine.close();
    for (const path of world.disk("a").paths.filter((name) => name.startsWith("/c/"))) {
      const file = await disk.open(path, { create: false });
      const target = folder + path.slice("/c/".length);
      mkdirSync(target.slice(0, target.lastIndexOf("/")), { recursive: true });
      writeFileSync(target, await file.read(0, await file.sizeBytes()));
    }
  };
  await world.runUntil(write());
});
