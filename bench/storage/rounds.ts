/** One contender in a process of its own, so that its memory and threads are its own: prints what it measured. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openClassicLevel } from "./classic-level-contender.ts";
import type { Contender, OpenContender, StoreSizes } from "./contender.ts";
import { openLmdb } from "./lmdb-contender.ts";
import { drawn, pump } from "./load.ts";
import { openLsm } from "./lsm-contender.ts";
import { directoryBytes, measure, measurePauses, peakMemoryBytes, writtenBytes } from "./meters.ts";
import { KEY_BYTES, VALUE_BYTES } from "./rows.ts";
import { openEmbedded } from "./store-contender.ts";

const MIB = 2 ** 20;
const BATCH_ROWS = 1000;

const CONTENDERS: Readonly<Record<string, OpenContender>> = {
  kvorum: openLsm,
  openStore: openEmbedded,
  "classic-level": openClassicLevel,
  lmdb: openLmdb,
};

/** Everything fits in memory; figures are calls per second. */
async function memoryRound(open: OpenContender, directory: string, rows: number): Promise<object> {
  const sizes: StoreSizes = { bufferBytes: 256 * MIB, cacheBytes: 64 * MIB };
  const perSecond: Record<string, number> = {};
  const rate = async (name: string, count: number, body: () => unknown): Promise<void> => {
    perSecond[name] = count / (await measure(body)).seconds;
  };
  const single = await open(join(directory, "single"), sizes);
  await rate("put", rows, () => pump(rows, (i) => single.put(i, 0)));
  const draw = drawn(rows);
  await rate("getSync", rows, () => pump(rows, (i) => single.getSync(draw(i), 0)));
  await rate("get", rows, () => pump(rows, (i) => single.get(draw(i), 0)));
  await single.close();
  const batched = await open(join(directory, "batched"), sizes);
  await rate("batch", rows, () => putBatches(batched, 0, rows));
  await verifyAll(batched, rows, () => 0);
  await batched.close();
  return perSecond;
}

async function putBatches(contender: Contender, first: number, end: number): Promise<void> {
  const numbers = new Uint32Array(BATCH_ROWS);
  for (let at = first; at < end; at += BATCH_ROWS) {
    for (let i = 0; i < BATCH_ROWS; i++) numbers[i] = at + i;
    const waiting = contender.putBatch(numbers, 0);
    await (waiting instanceof Promise ? waiting : new Promise((resolve) => setImmediate(resolve)));
  }
}

async function verifyAll(
  contender: Contender,
  rows: number,
  versionOf: (number: number) => number,
): Promise<void> {
  const count = await contender.scan(versionOf);
  if (count !== rows) throw new Error(`${count} rows of ${rows} were read back`);
}

interface LargeRound {
  readonly rows: number;
  readonly stepRows: number;
  readonly calls: number;
}

/** Ten times the write buffers, more than the cache. */
async function largeRound(
  open: OpenContender,
  directory: string,
  { rows, stepRows, calls }: LargeRound,
): Promise<object> {
  const sizes: StoreSizes = { bufferBytes: 32 * MIB, cacheBytes: 32 * MIB };
  const rawBytes = rows * (KEY_BYTES + VALUE_BYTES);
  const growth: number[] = [];
  let contender = await open(directory, sizes);
  const loadPauses = await measurePauses(async () => {
    for (let first = 0; first < rows; first += stepRows) {
      const cost = await measure(() => pump(stepRows, (i) => contender.put(first + i, 0)));
      growth.push(Math.round(stepRows / cost.seconds));
    }
  });
  const settling = await measure(() => contender.settle());
  const loadSeconds = growth.reduce((sum, each) => sum + stepRows / each, 0);
  const loadedWritten = writtenBytes();
  const loadedBytes = directoryBytes(directory);
  const scanned = await measure(() => verifyAll(contender, rows, () => 0));
  const rescanned = await measure(() => verifyAll(contender, rows, () => 0));
  const draw = drawn(rows);
  const versions = new Uint8Array(rows);
  await pump(calls >> 2, (i) => contender.getSync(draw(i + calls), 0));
  const got = await measure(() => pump(calls, (i) => contender.get(draw(i), 0)));
  const gotSync = await measure(() => pump(calls, (i) => contender.getSync(draw(i + 2 * calls), 0)));
  let overwritten = { seconds: 0, cpuSeconds: 0 };
  const pauses = await measurePauses(async () => {
    overwritten = await measure(() =>
      pump(calls, (i) => {
        const number = draw(i);
        versions[number] = 1;
        return contender.put(number, 1);
      }),
    );
  });
  await contender.settle();
  await verifyAll(contender, rows, (number) => versions[number]!);
  const remarks = contender.remarks();
  await contender.close();
  const peak = peakMemoryBytes();
  const reopened = await measure(async () => {
    contender = await open(directory, sizes);
    contender.getSync(1, versions[1]!);
  });
  await contender.close();
  return {
    growth,
    load: rows / loadSeconds,
    loadSettled: rows / (loadSeconds + settling.seconds),
    scan: rows / Math.min(scanned.seconds, rescanned.seconds),
    get: calls / got.seconds,
    getSync: calls / gotSync.seconds,
    overwrite: calls / overwritten.seconds,
    writeAmplification: loadedWritten / rawBytes,
    spaceAmplification: loadedBytes / rawBytes,
    peakMiB: peak / MIB,
    reopenMs: reopened.seconds * 1000,
    pauses: { load: loadPauses, overwrite: pauses },
    remarks,
  };
}

/** All rows are in the log, or what the contender has in its stead. */
async function restartRound(open: OpenContender, directory: string, rows: number): Promise<object> {
  const sizes: StoreSizes = { bufferBytes: 512 * MIB, cacheBytes: 32 * MIB };
  let contender = await open(directory, sizes);
  await putBatches(contender, 0, rows);
  await contender.close();
  const reopened = await measure(async () => {
    contender = await open(directory, sizes);
  });
  await verifyAll(contender, rows, () => 0);
  await contender.close();
  return { reopenMs: reopened.seconds * 1000 };
}

const [name = "", round = "", ...figures] = process.argv.slice(2);
const open = CONTENDERS[name]!;
const [rows = 0, stepRows = 0, calls = 0] = figures.map(Number);
const parent = mkdtempSync(join(tmpdir(), "kvorum-bench-storage-"));
const directory = join(parent, "data");
mkdirSync(directory);
try {
  const result =
    round === "memory"
      ? await memoryRound(open, directory, rows)
      : round === "restart"
        ? await restartRound(open, directory, rows)
        : await largeRound(open, directory, { rows, stepRows, calls });
  console.log(JSON.stringify(result));
} finally {
  rmSync(parent, { recursive: true });
}
