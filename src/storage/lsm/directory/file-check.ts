/**
 * Reads one file of a data directory, and compares it with every checksum it carries. Writes nothing and takes no lock:
 * the directory may be a running node's. Damage is collected, not thrown.
 */
import { StoreError } from "../../../base/errors.ts";
import type { Disk } from "../../../runtime/runtime.ts";
import { logNumberOf } from "../log/log-name.ts";
import { type ReadLog, readLog } from "../log/log-reader.ts";
import { countRows, forEachRow } from "../log/row-adoption.ts";
import { Segment } from "../log/segment.ts";
import { BlockCache } from "../table/block-cache.ts";
import { type CheckDepth, checkTable, type Pace } from "../table/table-check.ts";
import { TableReader } from "../table/table-reader.ts";
import { UnknownFormat } from "../table/unknown-format.ts";
import { decodeIdentity } from "./identity-format.ts";
import { decodeMarker, MARKER_NAME } from "./store-marker.ts";

export type FileKind = "log" | "table" | "manifest" | "current" | "identity" | "marker" | "other";

export interface FileCheck {
  readonly path: string;
  readonly kind: FileKind;
  readonly sizeBytes: number;
  /** What it holds, for people: names and figures. */
  readonly facts: Readonly<Record<string, string | number>>;
  /** Each names file and offset; empty if the file is sound. */
  readonly damages: readonly string[];
  /** Set if nobody can say, for the file is of a format that this program does not know: says which. */
  readonly unknownFormat?: string;
}

/** A row as a file has it; of one key there may be many. The cell is empty if the row is forgotten. */
export type RowVisitor = (path: string, key: Uint8Array, cell: Uint8Array) => void;

export interface CheckOptions {
  readonly onRow?: RowVisitor;
  /** Of a log: a torn tail is no damage in the newest one. */
  readonly isNewest?: boolean;
  /** Of a table: what the manifest says of its footer. */
  readonly checksum?: number;
  /** Of a table: how fast. What it throws ends the check. */
  readonly pace?: Pace;
  /** Of a table: "rows", if not told otherwise. */
  readonly depth?: CheckDepth;
}

export function kindOf(path: string): FileKind {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (logNumberOf(name) !== undefined) return "log";
  if (/^\d{6,15}\.sst$/.test(name)) return "table";
  if (/^MANIFEST-\d{6,15}$/.test(name)) return "manifest";
  if (name === "CURRENT") return "current";
  if (name === MARKER_NAME) return "marker";
  return name === "IDENTITY" ? "identity" : "other";
}

/** Rejects with StoreError IO if the file cannot be read. */
export async function checkLog(disk: Disk, path: string, options: CheckOptions = {}): Promise<FileCheck> {
  const { isNewest = true, onRow } = options;
  const directory = path.slice(0, path.lastIndexOf("/"));
  const number = logNumberOf(path.slice(directory.length + 1)) ?? 0;
  return check(disk, path, "log", async (damages) => {
    const log = await readLog(disk, { directory, number, isNewest, bytesMin: 0 });
    const { verdict, wholeBytes, lengthBytes, batches } = log;
    if (verdict.kind === "damaged") damages.push(`${path}: offset ${wholeBytes}: ${verdict.what}`);
    const rows = wholeBytes === 0 ? 0 : visitLog(log, onRow);
    const tornBytes = verdict.kind === "torn" ? lengthBytes - wholeBytes : 0;
    return { segment: number, batches: batches.length, rows, tornBytes };
  });
}

/** Rejects with StoreError IO if the file cannot be read. */
export async function checkTableFile(
  disk: Disk,
  path: string,
  options: CheckOptions = {},
): Promise<FileCheck> {
  const { checksum, onRow, pace, depth } = options;
  return check(disk, path, "table", async (damages) => {
    const opening = { disk, path, cache: new BlockCache(0) };
    const table = await TableReader.open(checksum === undefined ? opening : { ...opening, checksum });
    try {
      const found = await checkTable(table, pace, depth);
      for (const { error, from, to } of found.damages)
        damages.push(`${error.message}; rows ${span(from, to)}`);
      if (onRow !== undefined) await visitTable(table, onRow);
      const { rowCount, expiringCount, tombstoneCount, rawBytes } = table.properties;
      const rows = { rows: rowCount, wholeRows: found.rowCount };
      return {
        ...rows,
        expiring: expiringCount,
        deleted: tombstoneCount,
        blocks: found.blockCount,
        rawBytes,
      };
    } finally {
      await table.close();
    }
  });
}

export async function checkIdentity(disk: Disk, path: string): Promise<FileCheck> {
  return check(disk, path, "identity", async (damages) => {
    const fields = decodeIdentity(await readWhole(disk, path), path);
    if (fields === undefined) damages.push(`${path}: offset 0: the identity is damaged`);
    if (fields === undefined) return {};
    return { actor: Buffer.from(fields.actor).toString("hex"), reserved: fields.reserved };
  });
}

export async function checkMarker(disk: Disk, path: string): Promise<FileCheck> {
  return check(disk, path, "marker", async () => ({
    store: decodeMarker(await readWhole(disk, path), path),
  }));
}

/** Runs `look`, which may throw StoreError CORRUPTION. */
export async function check(
  disk: Disk,
  path: string,
  kind: FileKind,
  look: (damages: string[]) => Promise<Record<string, string | number>>,
): Promise<FileCheck> {
  const damages: string[] = [];
  const sizeBytes = await sizeOf(disk, path);
  try {
    return { path, kind, sizeBytes, facts: await look(damages), damages };
  } catch (cause) {
    if (cause instanceof UnknownFormat)
      return { path, kind, sizeBytes, facts: {}, damages, unknownFormat: cause.message };
    if (!(cause instanceof StoreError) || cause.code !== "CORRUPTION") throw cause;
    return { path, kind, sizeBytes, facts: {}, damages: [...damages, cause.message] };
  }
}

function visitLog({ shared, wholeBytes, batches, path }: ReadLog, onRow: RowVisitor | undefined): number {
  const whole = batches.filter(({ end }) => end <= wholeBytes);
  const segment = Segment.existing(shared, wholeBytes);
  const count = countRows(segment, whole, path);
  if (onRow === undefined) return count;
  forEachRow(segment, whole, (offset) => {
    const key = segment.keyStart(offset);
    const cell = segment.cellStart(offset);
    const { bytes } = segment;
    onRow(
      path,
      bytes.slice(key, key + segment.keyLength(offset)),
      bytes.slice(cell, cell + segment.cellLength(offset)),
    );
  });
  return count;
}

/** The rows up to the first damage, which has been told. */
async function visitTable(table: TableReader, onRow: RowVisitor): Promise<void> {
  const rows = table.scan();
  try {
    while (await rows.next()) {
      const { key, cell } = rows;
      onRow(table.path, key.bytes.slice(key.start, key.end), cell.bytes.slice(cell.start, cell.end));
    }
  } catch (cause) {
    if (!(cause instanceof StoreError) || cause.code !== "CORRUPTION") throw cause;
  }
}

async function readWhole(disk: Disk, path: string): Promise<Uint8Array> {
  const file = await disk.open(path, { create: false });
  try {
    return await file.read(0, await file.sizeBytes());
  } finally {
    await file.close();
  }
}

async function sizeOf(disk: Disk, path: string): Promise<number> {
  const file = await disk.open(path, { create: false });
  try {
    return await file.sizeBytes();
  } finally {
    await file.close();
  }
}

function span(from: Uint8Array, to: Uint8Array | undefined): string {
  const hex = (key: Uint8Array): string => Buffer.from(key).toString("hex") || "the first";
  return `from ${hex(from)} to ${to === undefined ? "the last" : hex(to)}`;
}
