/**
 * Reads the version that a directory was left with. A last record that was not written whole never counted: it is
 * left out, and told. Damage before the last record is an error, for what came after it cannot be trusted.
 */
import type { Disk } from "../../../runtime/runtime.ts";
import { corruption } from "../table/corruption.ts";
import { loadCurrent, manifestName } from "./current-file.ts";
import {
  checkManifestHeader,
  decodeRecord,
  MANIFEST_HEADER_BYTES,
  RECORD_HEADER_BYTES,
  recordBytes,
  sequenceOf,
} from "./manifest-format.ts";
import { tableNumberOf } from "./table-entry.ts";
import { Version } from "./version.ts";

export interface RecoveredVersion {
  readonly version: Version;
  /** Bytes at the manifest's end that are no whole record: a crash in the middle of an edit, or damage to the last. */
  readonly cutBytes: number;
}

/** Resolves to the empty version for a new directory. Rejects with StoreError CORRUPTION, or IO. */
export async function recoverVersion(disk: Disk, directory: string): Promise<RecoveredVersion> {
  const number = await loadCurrent(disk, directory);
  if (number === undefined) {
    const names = await disk.list(`${directory}/tables`);
    if (names.some((name) => tableNumberOf(name) !== undefined)) {
      throw corruption(`${directory}/CURRENT`, 0, "it is missing, though there are tables");
    }
    return { version: Version.empty, cutBytes: 0 };
  }
  return recoverVersionFrom(disk, directory, number);
}

/** As `recoverVersion`, of the manifest of that number. */
export async function recoverVersionFrom(
  disk: Disk,
  directory: string,
  number: number,
): Promise<RecoveredVersion> {
  const path = `${directory}/${manifestName(number)}`;
  if (!(await disk.exists(path))) throw corruption(path, 0, "CURRENT names it, but it is missing");
  const file = await disk.open(path, { create: false });
  try {
    const bytes = await file.read(0, await file.sizeBytes());
    checkManifestHeader(bytes, number, path);
    return replay(bytes, path);
  } finally {
    await file.close();
  }
}

function replay(bytes: Uint8Array, path: string): RecoveredVersion {
  let version = Version.empty;
  let at = MANIFEST_HEADER_BYTES;
  let sequence = 0;
  for (; at < bytes.length; sequence++) {
    const length = recordBytes(bytes, at, sequence);
    if (length === undefined || sequenceOf(bytes, at) !== sequence) break;
    version = version.apply(decodeRecord(bytes.subarray(at, at + length), { path, offset: at }));
    at += length;
  }
  if (sequence === 0) throw corruption(path, at, "the first record, a whole version, is damaged");
  if (hasRecordAfter(bytes, at, sequence)) throw corruption(path, at, "a record is damaged");
  const restBytes = bytes.length - at; // half a voucher says nothing
  return { version, cutBytes: restBytes <= RECORD_HEADER_BYTES ? 0 : restBytes };
}

/** True if a later record shows that the one at `at` had been durable. */
function hasRecordAfter(bytes: Uint8Array, at: number, sequence: number): boolean {
  for (let offset = at + 1; offset < bytes.length; offset++) {
    if (recordBytes(bytes, offset, sequence + 1) !== undefined) return true;
  }
  return false;
}
