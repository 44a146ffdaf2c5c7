/**
 * The memory engine alone, beside a plain JavaScript Map of strings to buffers: nanoseconds per put and get, bytes
 * per row, and the longest pause while it grows. Arguments: rows of the memory test, rows of the pause test.
 */
import type { ByteRange } from "../src/base/bytes.ts";
import { createNodejsClock } from "../src/runtime/nodejs/clock.ts";
import { createNodejsHost } from "../src/runtime/nodejs/host.ts";
import { createNodejsRandom } from "../src/runtime/nodejs/random.ts";
import { MemoryEngine } from "../src/storage/memory/memory-engine.ts";
import { RowKey } from "../src/storage/row-key.ts";
import { type CellRules, NEVER_EXPIRES } from "../src/storage/storage-engine.ts";

const KEY_BYTES = 16;
const CELL_BYTES = 124;
const SEED = 0x5eed;

const clock = createNodejsClock();
const host = createNodejsHost();
const source = new Uint8Array(KEY_BYTES);
const key = new RowKey(SEED);
const into: ByteRange = { bytes: source, start: 0, end: 0 };
const cellBuffer = new Uint8Array(4096).fill(0x76);
const cell: ByteRange = { bytes: cellBuffer, start: 37, end: 37 + CELL_BYTES };
const rules: CellRules = {
  merge: (existing) => existing,
  expiresAtMs: () => NEVER_EXPIRES,
  isCollectible: ({ bytes, start }) => bytes[start] === 0,
};

function createEngine(): MemoryEngine {
  const limits = { memoryBytesMax: 0, evictionPolicy: "allkeys-lru", evictionSamples: 5 } as const;
  return new MemoryEngine({ rules, random: createNodejsRandom(), clock, ...limits });
}

/** `key` becomes that of row `number`: sixteen hexadecimal digits. */
function aim(number: number): void {
  let rest = Math.imul(number, 0x9e3779b1);
  for (let i = 0; i < 8; i++) {
    source[i] = 97 + (rest & 15);
    rest >>>= 4;
  }
  for (let i = 8; i < KEY_BYTES; i++) source[i] = 48 + ((number >>> ((i - 8) * 4)) & 15);
  key.encode(0, source, 0, KEY_BYTES);
}

/** Nanoseconds for each of `count` calls of `body` with a number below `limit`, best of five rounds. */
function nanoseconds(count: number, limit: number, body: (number: number) => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    let state = round + 1;
    const startMs = clock.monotonicMs();
    for (let i = 0; i < count; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      body(((state >>> 8) % limit) | 0);
    }
    best = Math.min(best, ((clock.monotonicMs() - startMs) / count) * 1e6);
  }
  return best;
}

function measureMemory(rowCount: number): MemoryEngine {
  globalThis.gc?.();
  const before = host.residentBytes();
  const engine = createEngine();
  for (let i = 0; i < rowCount; i++) {
    aim(i);
    engine.put(key, cell);
  }
  globalThis.gc?.();
  const growth = host.residentBytes() - before;
  const { memoryBytes, liveBytes } = engine.statistics;
  const perRow = (bytes: number): string => (bytes / rowCount).toFixed(1);
  print(`${rowCount} rows of a 22-byte row key and a ${CELL_BYTES}-byte cell`);
  print(`  resident growth      ${perRow(growth)} B/row   ${(growth / 2 ** 20).toFixed(1)} MiB`);
  print(`  memoryBytes          ${perRow(memoryBytes)} B/row   ${(memoryBytes / growth).toFixed(3)} of it`);
  print(`  liveBytes            ${perRow(liveBytes)} B/row`);
  return engine;
}

function measurePeerMemory(rowCount: number): Map<string, Uint8Array> {
  globalThis.gc?.();
  const before = host.residentBytes();
  const map = new Map<string, Uint8Array>();
  for (let i = 0; i < rowCount; i++) {
    aim(i);
    map.set(text(), cellBuffer.slice(cell.start, cell.end));
  }
  globalThis.gc?.();
  print(`  Map of buffers       ${((host.residentBytes() - before) / rowCount).toFixed(1)} B/row`);
  return map;
}

function text(): string {
  return String.fromCharCode(...source);
}

function measureSpeed(engine: MemoryEngine, map: Map<string, Uint8Array>, rowCount: number): void {
  const count = 1_000_000;
  const aiming = nanoseconds(count, rowCount, aim);
  const naming = nanoseconds(count / 4, rowCount, (number) => {
    aim(number);
    text();
  });
  const put = nanoseconds(count, rowCount, (number) => {
    aim(number);
    engine.put(key, cell);
  });
  const get = nanoseconds(count, rowCount, (number) => {
    aim(number);
    if (!engine.get(key, into)) throw new Error("a row is missing");
  });
  const peerGet = nanoseconds(count / 4, rowCount, (number) => {
    aim(number);
    map.get(text());
  });
  const peerPut = nanoseconds(count / 4, rowCount, (number) => {
    aim(number);
    map.set(text(), cellBuffer.slice(cell.start, cell.end));
  });
  print(`${rowCount} rows, drawn at random (encoding the key, ${aiming.toFixed(0)} ns, not counted)`);
  const ratio = (own: number, peer: number): string => (own / peer).toFixed(2);
  const putNs = put - aiming;
  const getNs = get - aiming;
  print(
    `  put  ${putNs.toFixed(0)} ns   ${ratio(putNs, peerPut - naming)} of a Map's ${(peerPut - naming).toFixed(0)}`,
  );
  print(
    `  get  ${getNs.toFixed(0)} ns   ${ratio(getNs, peerGet - naming)} of a Map's ${(peerGet - naming).toFixed(0)}`,
  );
}

function measurePauses(rowCount: number): void {
  const engine = createEngine();
  let longestMs = 0;
  let totalMs = 0;
  const pauses: number[] = [];
  for (let i = 0; i < rowCount; i++) {
    aim(i);
    const startMs = clock.monotonicMs();
    engine.put(key, cell);
    const tookMs = clock.monotonicMs() - startMs;
    totalMs += tookMs;
    if (tookMs > 1) pauses.push(tookMs);
    longestMs = Math.max(longestMs, tookMs);
  }
  print(`growing to ${rowCount} rows: ${((totalMs / rowCount) * 1e6).toFixed(0)} ns per new row`);
  print(
    `  ${pauses
      .sort((a, b) => b - a)
      .slice(0, 10)
      .map((ms) => ms.toFixed(1))}`,
  );
  engine.clear();
  print(`  longest put ${longestMs.toFixed(2)} ms; ${pauses.length} longer than 1 ms`);
}

function print(line: string): void {
  console.log(line);
}

const [memoryRows = 1_000_000, pauseRows = 5_000_000] = process.argv.slice(2).map(Number);
measurePauses(pauseRows);
const engine = measureMemory(memoryRows);
const map = measurePeerMemory(memoryRows);
measureSpeed(engine, map, memoryRows);
for (const rowCount of [1, 1000, 100_000]) {
  engine.clear();
  map.clear();
  for (let i = 0; i < rowCount; i++) {
    aim(i);
    engine.put(key, cell);
    map.set(text(), cellBuffer.slice(cell.start, cell.end));
  }
  measureSpeed(engine, map, rowCount);
}
