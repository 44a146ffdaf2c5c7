/** Short ways to make tables. For tests and benchmarks only: like every oracle, left out of the build. */
import { type ByteRange, compareBytes, utf8 } from "../../../base/bytes.ts";
import type { Disk } from "../../../runtime/runtime.ts";
import { RowKey } from "../../row-key.ts";
import type { CellTraits } from "./cell-traits.ts";
import { MerkleSummary } from "./merkle-summary.ts";
import { RowTally } from "./row-tally.ts";
import { TableProbe } from "./table-probe.ts";
import { DEFAULT_TABLE_SETTINGS, type TableMetadata, TableWriter } from "./table-writer.ts";

export interface Row {
  readonly key: Uint8Array;
  readonly cell: Uint8Array;
}

/** A sample cell: written at (6 bytes), expires at (6 bytes), both big-endian; then a payload; none is a tombstone. */
export function sampleCell(
  payload: string | Uint8Array,
  { wallMs = 1, expiresAtMs = 0 }: { readonly wallMs?: number; readonly expiresAtMs?: number } = {},
): Uint8Array {
  const content = typeof payload === "string" ? utf8(payload) : payload;
  const cell = Buffer.alloc(12 + content.length);
  cell.writeUIntBE(wallMs, 0, 6);
  cell.writeUIntBE(expiresAtMs, 6, 6);
  cell.set(content, 12);
  return new Uint8Array(cell);
}

/** The version of a sample cell is its first 12 bytes. */
export const sampleTraits: CellTraits = {
  expiresAtMs: ({ bytes, start }) => uint48(bytes, start + 6),
  newestWallMs: ({ bytes, start }) => uint48(bytes, start),
  isTombstone: ({ start, end }) => end - start === 12,
  versionRange({ bytes, start }, into) {
    into.bytes = bytes;
    into.start = start;
    into.end = start + 12;
  },
};

function uint48(bytes: Uint8Array, at: number): number {
  const front = (bytes[at]! << 8) | bytes[at + 1]!;
  const back = (bytes[at + 2]! << 24) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!;
  return front * 2 ** 32 + (back >>> 0);
}

export function sampleKey(name: string | Uint8Array, database = 0): Uint8Array {
  const bytes = typeof name === "string" ? utf8(name) : name;
  const key = new RowKey(1);
  key.encode(database, bytes, 0, bytes.length);
  return key.copy();
}

/** `count` rows in order: keys "user:0".. and payloads of about `payloadBytes` that pack well. */
export function sampleRows(count: number, payloadBytes = 100): Row[] {
  const text = (i: number): string => `{"id":${i},"name":"user ${i}","mail":"user${i}@example.org"}`;
  return sorted(
    Array.from({ length: count }, (_, i) => ({
      key: sampleKey(`user:${i}`),
      cell: sampleCell(text(i).padEnd(payloadBytes, text(i * 7919)), { wallMs: 1_000_000 + i }),
    })),
  );
}

export function sorted(rows: Row[]): Row[] {
  return rows.sort((a, b) => compareBytes(a.key, b.key));
}

export function rangeOf(bytes: Uint8Array): ByteRange {
  return { bytes, start: 0, end: bytes.length };
}

export function bytesOf({ bytes, start, end }: ByteRange): Uint8Array {
  return bytes.slice(start, end);
}

export function probeOf(key: Uint8Array): TableProbe {
  const probe = new TableProbe();
  probe.load(key, key.length);
  return probe;
}

/** Writes rows that supersede nothing. */
export async function writeSampleTable(
  disk: Disk,
  path: string,
  rows: Iterable<Row>,
  settings = DEFAULT_TABLE_SETTINGS,
): Promise<TableMetadata> {
  const writer = await TableWriter.create(disk, path, {
    traits: sampleTraits,
    settings,
    origin: { level: 1, age: 300 },
  });
  const sums = { summary: new MerkleSummary(), tally: new RowTally() };
  for (const { key, cell } of rows) {
    await writer.add(rangeOf(key), rangeOf(cell));
    sums.summary.addRow(rangeOf(key), rangeOf(cell), sampleTraits);
    const isExpiring = sampleTraits.expiresAtMs(rangeOf(cell)) > 0;
    if (!sampleTraits.isTombstone(rangeOf(cell))) sums.tally.addRow(key, 0, 1, isExpiring ? 1 : 0);
  }
  return await writer.finish(sums);
}

/**
 * The rows of the golden tables, of every kind: plain, expiring, deleted, several databases, row keys that go on after
 * another one's end, and cells that pack well, badly, not at all, and over more than one block.
 */
export function goldenRows(): Row[] {
  const scattered = (length: number): Uint8Array =>
    Uint8Array.from({ length }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 11);
  const hash = sampleKey("{user:1}:fields", 2);
  return sorted([
    ...sampleRows(60, 90),
    ...Array.from({ length: 40 }, (_, i) => ({
      key: sampleKey(`{user:1}:${i}`, i % 3),
      cell: sampleCell(`value ${i}`, { wallMs: 2_000_000 + i, expiresAtMs: i % 2 === 0 ? 0 : 9_000_000 + i }),
    })),
    ...Array.from({ length: 30 }, (_, i) => ({
      key: Uint8Array.of(...hash, i),
      cell: sampleCell(`field ${i}`),
    })),
    { key: hash, cell: sampleCell("") },
    { key: sampleKey(""), cell: sampleCell("the empty key") },
    { key: sampleKey("a".repeat(300)), cell: sampleCell("a long key") },
    { key: sampleKey("scattered"), cell: sampleCell(scattered(3000)) },
    { key: sampleKey("repeated"), cell: sampleCell("na".repeat(5000)) },
  ]);
}
