/**
 * CURRENT: the name of the manifest that counts. Replaced by rename, so that it names the old one or the new one.
 *
 *   "MANIFEST-000007 " then CRC-32 of that name as 8 lower-case hexadecimal digits, then a line feed
 */
import { crc32 } from "node:zlib";
import { toText, utf8 } from "../../../base/bytes.ts";
import type { Disk } from "../../../runtime/runtime.ts";
import { corruption } from "../table/corruption.ts";

const NAME = /^MANIFEST-(\d{6,15})$/;
const LINE = /^(MANIFEST-\d{6,15}) ([0-9a-f]{8})\n$/;
const CURRENT_BYTES_MAX = 64;

export function manifestName(number: number): string {
  return `MANIFEST-${String(number).padStart(6, "0")}`;
}

/** Undefined if the name is not that of a manifest. */
export function manifestNumberOf(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Resolves to the manifest's number, or undefined if there is no CURRENT. Rejects with StoreError CORRUPTION. */
export async function loadCurrent(disk: Disk, directory: string): Promise<number | undefined> {
  const path = `${directory}/CURRENT`;
  if (!(await disk.exists(path))) return undefined;
  const file = await disk.open(path, { create: false });
  const text = toText(await file.read(0, CURRENT_BYTES_MAX));
  await file.close();
  const [, name, checksum] = LINE.exec(text) ?? [];
  if (name === undefined || checksum !== checksumOf(name)) {
    throw corruption(path, 0, "it does not name a manifest");
  }
  return manifestNumberOf(name);
}

/** Resolves when durable. Requires: that manifest and its name are. */
export async function saveCurrent(disk: Disk, directory: string, number: number): Promise<void> {
  const draft = `${directory}/CURRENT.new`;
  await disk.remove(draft);
  const file = await disk.open(draft);
  try {
    const name = manifestName(number);
    await file.append(utf8(`${name} ${checksumOf(name)}\n`));
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(draft, `${directory}/CURRENT`);
  await disk.syncDirectory(directory);
}

function checksumOf(name: string): string {
  return crc32(utf8(name)).toString(16).padStart(8, "0");
}
