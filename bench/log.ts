/**
 * The commit log and its memtable alone: puts and gets of 100-byte values on one core beside a plain Map of strings to
 * buffers, the same puts while the log is written to a real disk, how many small batches a second are durable
 * under "always", and how long a start takes. Arguments: rows of the start's log.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ByteRange } from "../src/base/bytes.ts";
import { createNodejsClock } from "../src/runtime/nodejs/clock.ts";
import { createNodejsDisk } from "../src/runtime/nodejs/disk.ts";
import type { FsyncPolicy } from "../src/storage/lsm/log/commit-plan.ts";
import { recoverLog } from "../src/storage/lsm/log/log-recovery.ts";
import { LogWriter } from "../src/storage/lsm/log/log-writer.ts";
import { Memtable } from "../src/storage/lsm/log/memtable.ts";
import { MemtableScan } from "../src/storage/lsm/log/memtable-scan.ts";
import { Segment } from "../src/storage/lsm/log/segment.ts";
import { RowKey } from "../src/storage/row-key.ts";

const SEGMENT_BYTES = 64 * 1024 * 1024;
const KEY_BYTES = 16;
const CELL_BYTES = 100;
const HASH_SEED = 0x5eed;
const ROWS_PER_SEGMENT = 400_000;
const ROUNDS = 5;
const ROWS_PER_TURN = 1000;

const runtime = { clock: createNodejsClock(), disk: createNodejsDisk() };
const { clock, disk } = runtime;
const source = new Uint8Array(KEY_BYTES);
const key = new RowKey(HASH_SEED);
const into: ByteRange = { bytes: source, start: 0, end: 0 };
const cell: ByteRange = { bytes: new Uint8Array(4096).fill(0x76), start: 37, end: 37 + CELL_BYTES };
const nothing = { flags: 0, hashLow: 0, hashHigh: 0 };
let segmentCount = 0;

/** `source` becomes the key of row `number`: sixteen letters and digits. */
function aim(number: number): void {
  let rest = Math.imul(number, 0x9e3779b1);
  for (let i = 0; i < 8; i++) {
    source[i] = 97 + (rest & 15);
    rest >>>= 4;
  }
  for (let i = 8; i < KEY_BYTES; i++) source[i] = 48 + ((number >>> ((i - 8) * 4)) & 15);
}

function aimKey(number: number): void {
  aim(number);
  key.encode(0, source, 0, KEY_BYTES);
}

function createMemtable(rowsExpected = 0): Memtable {
  segmentCount++;
  return new Memtable(new Segment(segmentCount, new SharedArrayBuffer(SEGMENT_BYTES), 0), rowsExpected);
}

/** Millions of calls a second, the best of some rounds; `prepare` comes before each and is not counted. */
function rate(count: number, prepare: () => void, body: (number: number) => void): number {
  let best = 0;
  for (let round = 0; round < ROUNDS; round++) {
    prepare();
    let state = round + 1;
    const startMs = clock.monotonicMs();
    for (let i = 0; i < count; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      body((state >>> 8) % ROWS_PER_SEGMENT);
    }
    best = Math.max(best, count / (clock.monotonicMs() - startMs) / 1000);
  }
  return best;
}

function measureMemtable(): void {
  let memtable = createMemtable();
  const fresh = (): void => {
    memtable = createMemtable();
  };
  let puts = 0;
  const put = (number: number): void => {
    aimKey(number);
    memtable.put(key, cell, nothing);
    if (++puts % ROWS_PER_TURN === 0) memtable.segment.seal();
  };
  const putRate = rate(ROWS_PER_SEGMENT, fresh, put);
  const getRate = rate(
    1_000_000,
    () => undefined,
    (number) => {
      aimKey(number);
      memtable.get(key, into);
    },
  );
  let map = new Map<string, Uint8Array>();
  const textKey = (number: number): string => {
    aim(number);
    return Buffer.from(source.buffer).toString("latin1");
  };
  const peerPuts = rate(
    ROWS_PER_SEGMENT,
    () => {
      map = new Map();
    },
    (number) => map.set(textKey(number), cell.bytes.slice(cell.start, cell.end)),
  );
  const peerGets = rate(
    1_000_000,
    () => undefined,
    (number) => map.get(textKey(number)),
  );
  print(`one core, no disk, ${CELL_BYTES}-byte values, keys at random   Map     ratio`);
  print(`  put  ${mega(putRate)}   ${mega(peerPuts)}   ${(putRate / peerPuts).toFixed(2)}`);
  print(`  get  ${mega(getRate)}   ${mega(peerGets)}   ${(getRate / peerGets).toFixed(2)}`);
  measureScan(memtable);
}

function measureScan(memtable: Memtable): void {
  const startMs = clock.monotonicMs();
  const scan = new MemtableScan(memtable, new Uint8Array(0), undefined);
  let count = 0;
  while (scan.next()) count++;
  print(`  scan ${mega(count / (clock.monotonicMs() - startMs) / 1000)} rows in order`);
}

/** Puts as fast as the log takes them, many to a turn. */
async function measureLogged(policy: FsyncPolicy, rowCount: number): Promise<void> {
  await inDirectory(async (directory) => {
    segmentCount = 0;
    let memtable = createMemtable(ROWS_PER_SEGMENT);
    const writer = new LogWriter({ runtime, directory, policy, segment: memtable.segment });
    const startMs = clock.monotonicMs();
    for (let i = 0; i < rowCount; i++) {
      aimKey(i);
      if (!memtable.segment.fits(key.length, CELL_BYTES)) {
        memtable = createMemtable(ROWS_PER_SEGMENT);
        writer.rotate(memtable.segment);
      }
      memtable.put(key, cell, nothing);
      writer.onPut();
      if (i % ROWS_PER_TURN === ROWS_PER_TURN - 1) await (writer.durable() ?? nextTurn());
    }
    const putMs = clock.monotonicMs() - startMs;
    await writer.close();
    const totalMs = clock.monotonicMs() - startMs;
    const { batches, syncs, writtenBytes } = writer.counters;
    print(`${policy.padEnd(8)} ${mega(rowCount / putMs / 1000)} puts   ${batches} batches, ${syncs} syncs`);
    print(`         ${(writtenBytes / totalMs / 1000).toFixed(0)} MB/s until all of it is durable`);
  });
}

/** One put to a turn, each waiting for the one before: what a single client of "always" gets. */
async function measureLatency(batchCount: number): Promise<void> {
  await inDirectory(async (directory) => {
    segmentCount = 0;
    const memtable = createMemtable();
    const writer = new LogWriter({ runtime, directory, policy: "always", segment: memtable.segment });
    const peer = await disk.open(join(directory, "peer"));
    let logMs = 0;
    let peerMs = 0;
    for (let i = 0; i < batchCount; i++) {
      const startMs = clock.monotonicMs();
      aimKey(i);
      memtable.put(key, cell, nothing);
      writer.onPut();
      await writer.durable();
      const peerStartMs = clock.monotonicMs();
      await peer.append(cell.bytes.subarray(0, 160));
      await peer.sync();
      logMs += (peerStartMs - startMs) / batchCount;
      peerMs += (clock.monotonicMs() - peerStartMs) / batchCount;
    }
    await peer.close();
    await writer.close();
    print(
      `always, one put at a time: ${logMs.toFixed(3)} ms, ${(logMs / peerMs).toFixed(2)} of append and sync alone`,
    );
  });
}

async function measureRecovery(rowCount: number): Promise<void> {
  await inDirectory(async (directory) => {
    segmentCount = 0;
    let memtable = createMemtable(ROWS_PER_SEGMENT);
    const writer = new LogWriter({ runtime, directory, policy: "no", segment: memtable.segment });
    for (let i = 0; i < rowCount; i++) {
      aimKey(i);
      if (!memtable.segment.fits(key.length, CELL_BYTES)) {
        memtable = createMemtable(ROWS_PER_SEGMENT);
        writer.rotate(memtable.segment);
      }
      memtable.put(key, cell, nothing);
      writer.onPut();
      if (i % ROWS_PER_TURN === ROWS_PER_TURN - 1) await (writer.durable() ?? nextTurn());
    }
    await writer.close();
    const startMs = clock.monotonicMs();
    const options = { firstNumber: 1, segmentBytes: SEGMENT_BYTES, hashSeed: HASH_SEED, recover: false };
    const { memtables } = await recoverLog({ disk, directory, ...options });
    const rows = memtables.reduce((sum, each) => sum + each.rowCount, 0);
    print(
      `start: ${rows} rows of ${writer.counters.writtenBytes / 1e6} MB in ${Math.round(clock.monotonicMs() - startMs)} ms`,
    );
  });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => clock.defer(resolve));
}

async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "kvorum-log-"));
  try {
    await body(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function mega(millions: number): string {
  return `${millions.toFixed(2)} M/s`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

measureMemtable();
await measureLogged("everysec", 2_000_000);
await measureLogged("always", 1_000_000);
await measureLatency(300);
await measureRecovery(Number(process.argv[2] ?? 1_000_000));
