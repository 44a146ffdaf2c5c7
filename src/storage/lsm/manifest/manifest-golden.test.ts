/**
 * Opens a directory that format 1 wrote, for ever: the files were written once, by `Manifest` as it was then, and are
 * never written again. MANIFEST-000001 holds an empty version and the two edits below.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Disk } from "../../../runtime/runtime.ts";
import { SimWorld } from "../../../sim/sim-runtime.ts";
import { encodeManifestHeader, encodeRecord } from "./manifest-format.ts";
import { recoverVersion } from "./manifest-recovery.ts";
import { Version, type VersionEdit } from "./version.ts";
import { keyAt, sampleTable } from "./version-samples.oracle.ts";

const EDITS: readonly VersionEdit[] = [
  {
    added: [sampleTable(1, 0, keyAt(0), keyAt(16383)), sampleTable(2, 1, keyAt(5), keyAt(300))],
    flushedLog: 3,
    nextFile: 4,
  },
  {
    added: [sampleTable(9, 6, keyAt(7), keyAt(8), { age: 5, horizonMs: 1e12, fileBytes: 2 ** 40 })],
    removed: [1],
    nextFile: 10,
  },
];

function golden(name: string): Uint8Array {
  return readFileSync(new URL(`../testdata/v1/manifest/${name}`, import.meta.url));
}

async function place(disk: Disk): Promise<void> {
  await disk.makeDirectory("/d");
  for (const name of ["CURRENT", "MANIFEST-000001"]) {
    const file = await disk.open(`/d/${name}`);
    await file.append(golden(name));
  }
}

test("a directory of format 1 opens", async () => {
  const world = new SimWorld(1);
  const { disk } = world.runtime("a");
  await world.runUntil(place(disk));
  const { version, cutBytes } = await world.runUntil(recoverVersion(disk, "/d"));
  expect(version).toEqual(EDITS.reduce((before, edit) => before.apply(edit), Version.empty));
  expect(version.tables.map(({ number }) => number)).toEqual([2, 9]);
  expect(version.flushedLog).toBe(3);
  expect(cutBytes).toBe(0);
});

test("the same edits are still the same bytes", () => {
  const records = [Version.empty.asEdit(), ...EDITS].map((edit, sequence) => encodeRecord(sequence, edit));
  const bytes = Buffer.concat([encodeManifestHeader(1), ...records]);
  expect(bytes.toString("hex")).toBe(Buffer.from(golden("MANIFEST-000001")).toString("hex"));
});
