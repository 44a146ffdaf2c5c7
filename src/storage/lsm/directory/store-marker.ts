/**
 * STORE: what kind of rows a data directory has. A node and an embedded store keep theirs in the same files, and would
 * take each other's for their own. Written before anything else; a checkpoint has its original's.
 * DO NOT CHANGE: see docs/formats/store-marker.md to add a version.
 *
 *   "node 1 " or "embedded 1 ", then CRC-32 of what is before that blank as 8 lower-case hexadecimal digits, then a line
 *   feed; 1 is the version
 */
import { crc32 } from "node:zlib";
import { toText, utf8 } from "../../../base/bytes.ts";
import type { Disk } from "../../../runtime/runtime.ts";
import { corruption } from "../table/corruption.ts";
import { UnknownFormat } from "../table/unknown-format.ts";

export type StoreKind = "node" | "embedded";

export const MARKER_NAME = "STORE";
const MARKER_VERSION = 1;
const LINE = /^(node|embedded) (\d{1,9}) ([0-9a-f]{8})\n$/;
const MARKER_BYTES_MAX = 64;

/**
 * Undefined if there is no marker. Rejects with StoreError CORRUPTION if it is damaged, UnknownFormat if it is of a later version.
 */
export async function loadMarker(disk: Disk, directory: string): Promise<StoreKind | undefined> {
  const path = `${directory}/${MARKER_NAME}`;
  if (!(await disk.exists(path))) return undefined;
  const file = await disk.open(path, { create: false });
  const bytes = await file.read(0, MARKER_BYTES_MAX).finally(() => file.close());
  return decodeMarker(bytes, path);
}

/** `path` is for the message. Throws as `loadMarker`. */
export function decodeMarker(bytes: Uint8Array, path: string): StoreKind {
  const [, kind, version, checksum] = LINE.exec(toText(bytes)) ?? [];
  if (kind === undefined || checksum !== checksumOf(`${kind} ${version}`))
    throw corruption(path, 0, "it does not say what kind of store this is");
  if (Number(version) !== MARKER_VERSION) throw new UnknownFormat(path, Number(version), MARKER_VERSION);
  return kind as StoreKind;
}

export function encodeMarker(kind: StoreKind): Uint8Array {
  const text = `${kind} ${MARKER_VERSION}`;
  return utf8(`${text} ${checksumOf(text)}\n`);
}

/** Resolves when durable; what is there is replaced. */
export async function saveMarker(disk: Disk, directory: string, kind: StoreKind): Promise<void> {
  const draft = `${directory}/${MARKER_NAME}.new`;
  await disk.remove(draft);
  const file = await disk.open(draft);
  try {
    await file.append(encodeMarker(kind));
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(draft, `${directory}/${MARKER_NAME}`);
  await disk.syncDirectory(directory);
}

function checksumOf(text: string): string {
  return crc32(utf8(text)).toString(16).padStart(8, "0");
}
