/**
 * Tables alone: rows packed and written, and scanned, per second; nanoseconds per point get whose block is in the
 * cache, and per get that the filter stops. By block size and packing. Argument: rows (default 200000).
 *
 * Beside them, in the same run: appending the same bytes to a file with a checksum, and a Map of strings to buffers.
 * Time is that of the processor, this process's threads together, so that a busy machine tells about the same.
 *
 * Two kinds of 100-byte values: JSON, which packs, and random bytes, which do not.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { createNodejsDisk } from "../src/runtime/nodejs/disk.ts";
import { createNodejsHost } from "../src/runtime/nodejs/host.ts";
import { createNodejsRandom } from "../src/runtime/nodejs/random.ts";
import { BlockCache } from "../src/storage/lsm/table/block-cache.ts";
import type { CellTraits } from "../src/storage/lsm/table/cell-traits.ts";
import { MerkleSummary } from "../src/storage/lsm/table/merkle-summary.ts";
import { RowTally } from "../src/storage/lsm/table/row-tally.ts";
import { TableProbe } from "../src/storage/lsm/table/table-probe.ts";
import { TableReader } from "../src/storage/lsm/table/table-reader.ts";
import {
  DEFAULT_TABLE_SETTINGS,
  type TableSettings,
  TableWriter,
} from "../src/storage/lsm/table/table-writer.ts";
import { RowKey } from "../src/storage/row-key.ts";

const ROWS = Number(process.argv[2] ?? 200_000);
const ROUNDS = 5;
const HEADER_BYTES = 24;
const APPEND_BYTES = 256 * 1024;

const host = createNodejsHost();
const disk = createNodejsDisk();
const random = createNodejsRandom();
const directory = mkdtempSync(join(tmpdir(), "kvorum-bench-table-"));

/** As compact cells are: a header that is the version, then the payload. */
const traits: CellTraits = {
  expiresAtMs: () => 0,
  isTombstone: () => false,
  newestWallMs: ({ bytes, start }) => bytes[start + 16]! + 1,
  versionRange(cell, into) {
    into.bytes = cell.bytes;
    into.start = cell.start;
    into.end = cell.start + HEADER_BYTES;
  },
};

interface Rows {
  readonly keys: Uint8Array[];
  readonly cells: Uint8Array[];
  /** All of them one after another. */
  readonly bytes: Uint8Array;
}

function createRows(payload: (number: number) => Uint8Array): Rows {
  const key = new RowKey(1);
  const rows: { key: Buffer; cell: Uint8Array }[] = [];
  for (let i = 0; i < ROWS; i++) {
    const name = Buffer.from(`user:${`${i}`.padStart(11, "0")}`);
    key.encode(0, name, 0, name.length);
    const header = Buffer.alloc(HEADER_BYTES);
    header[0] = 1;
    header.writeUInt32LE(i, 10);
    header.writeUInt32LE(0x12345678 + i * 7, 16);
    rows.push({ key: Buffer.from(key.copy()), cell: new Uint8Array(Buffer.concat([header, payload(i)])) });
  }
  rows.sort((a, b) => Buffer.compare(a.key, b.key));
  return {
    keys: rows.map((row) => new Uint8Array(row.key)),
    cells: rows.map((row) => row.cell),
    bytes: new Uint8Array(Buffer.concat(rows.flatMap((row) => [row.key, row.cell]))),
  };
}

/** Least processor seconds of several rounds. */
async function leastSeconds(body: () => void | Promise<void>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = host.cpuSeconds();
    await body();
    const after = host.cpuSeconds();
    least = Math.min(least, after.user - before.user + after.system - before.system);
  }
  return least;
}

async function build(rows: Rows, path: string, settings: TableSettings): Promise<void> {
  const writer = await TableWriter.create(disk, path, { traits, settings, origin: { level: 0, age: 1 } });
  const sums = { summary: new MerkleSummary(), tally: new RowTally() };
  const key = { bytes: rows.bytes, start: 0, end: 0 };
  const cell = { bytes: rows.bytes, start: 0, end: 0 };
  for (let i = 0; i < ROWS; i++) {
    key.start = cell.end;
    key.end = key.start + rows.keys[i]!.length;
    cell.start = key.end;
    cell.end = cell.start + rows.cells[i]!.length;
    const waiting = writer.add(key, cell);
    if (waiting !== undefined) await waiting;
    sums.summary.addRow(key, cell, traits);
    sums.tally.addRow(key.bytes, key.start, 1, 0);
  }
  await writer.finish(sums);
}

/** The bare minimum: the same bytes appended and their checksum taken. */
async function appendPlainly({ bytes }: Rows, path: string): Promise<void> {
  const file = await disk.open(path);
  await file.truncate(0);
  for (let at = 0; at < bytes.length; at += APPEND_BYTES) {
    const chunk = bytes.subarray(at, at + APPEND_BYTES);
    crc32(chunk);
    await file.append(chunk);
  }
  await file.sync();
  await file.close();
}

async function scan(reader: TableReader): Promise<void> {
  const iterator = reader.scan();
  let count = 0;
  for (;;) {
    const moved = iterator.next();
    if (!(typeof moved === "boolean" ? moved : await moved)) break;
    count++;
  }
  if (count !== ROWS) throw new Error(`scanned ${count} rows`);
}

/** Nanoseconds for each of many calls with one of `keys`, in random order. */
async function nanosecondsPerKey(
  keys: readonly Uint8Array[],
  body: (key: Uint8Array) => void,
): Promise<number> {
  const seconds = await leastSeconds(() => {
    let state = 1;
    for (let i = 0; i < ROWS; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      body(keys[(state >>> 4) % keys.length]!);
    }
  });
  return (seconds * 1e9) / ROWS;
}

/** Also reads every block into the reader's cache. */
async function warm(reader: TableReader, rows: Rows): Promise<void> {
  const probe = new TableProbe();
  const into = { bytes: rows.bytes, start: 0, end: 0 };
  for (const key of rows.keys) {
    probe.load(key, key.length);
    await reader.get(probe, into);
  }
}

function mapGetNs(rows: Rows): Promise<number> {
  const text = (key: Uint8Array): string => Buffer.from(key.buffer as ArrayBuffer).toString("latin1");
  const map = new Map(rows.keys.map((key, i) => [text(key), rows.cells[i]!]));
  return nanosecondsPerKey(rows.keys, (key) => {
    if (!map.has(text(key))) throw new Error("a row is not there");
  });
}

async function measure(name: string, rows: Rows, settings: TableSettings): Promise<void> {
  const path = join(directory, "table.sst");
  const perSecond = (seconds: number): number => rows.bytes.length / 1e6 / seconds;
  const plainly = perSecond(await leastSeconds(() => appendPlainly(rows, join(directory, "plain"))));
  const built = perSecond(await leastSeconds(() => build(rows, path, settings)));
  const reader = await TableReader.open({ disk, path, cache: new BlockCache(2 ** 31) });
  const scanned = perSecond(await leastSeconds(() => scan(reader)));
  await warm(reader, rows);
  const probe = new TableProbe();
  const into = { bytes: rows.bytes, start: 0, end: 0 };
  const get = (key: Uint8Array): boolean | Promise<boolean> => {
    probe.load(key, key.length);
    return reader.get(probe, into);
  };
  const getNs = await nanosecondsPerKey(rows.keys, (key) => {
    if (get(key) !== true) throw new Error("a row is not there");
  });
  const hotNs = await nanosecondsPerKey(rows.keys.slice(0, 1000), get);
  const absentNs = await nanosecondsPerKey(absent, get);
  const mapNs = await mapGetNs(rows);
  const columns = [
    `${name.padEnd(6)} ${`${settings.blockBytes / 1024}`.padStart(2)} KiB ${settings.packing.padEnd(7)}`,
    `build ${built.toFixed(0).padStart(4)} MB/s (${(built / plainly).toFixed(2)} of a plain append)`,
    `scan ${scanned.toFixed(0).padStart(4)} MB/s`,
    `file ${(reader.fileBytes / rows.bytes.length).toFixed(2)} of the rows`,
    `get ${getNs.toFixed(0).padStart(4)} ns (${(getNs / mapNs).toFixed(2)} of a Map's)`,
    `hot ${hotNs.toFixed(0)} ns`,
    `absent ${absentNs.toFixed(0)} ns`,
  ];
  console.log(columns.join("  "));
  await reader.close();
}

const json = (i: number): Uint8Array =>
  Buffer.from(
    `{"id":${i},"name":"user ${i}","mail":"user${i}@example.org","visits":${(i * 7919) % 1000}}`.padEnd(100),
  );
const jsonRows = createRows(json);
const randomRows = createRows(() => random.bytes(100));
const absent = jsonRows.keys.map((key) => Uint8Array.of(...key.subarray(0, -1), 0x78));
try {
  for (const blockBytes of [4096, 8192, 16384]) {
    await measure("json", jsonRows, { ...DEFAULT_TABLE_SETTINGS, blockBytes, packing: "lz4" });
  }
  await measure("json", jsonRows, { ...DEFAULT_TABLE_SETTINGS, packing: "stored" });
  await measure("json", jsonRows, { ...DEFAULT_TABLE_SETTINGS, packing: "deflate" });
  await measure("random", randomRows, { ...DEFAULT_TABLE_SETTINGS, packing: "lz4" });
  await measure("random", randomRows, { ...DEFAULT_TABLE_SETTINGS, packing: "stored" });
} finally {
  rmSync(directory, { recursive: true });
}
