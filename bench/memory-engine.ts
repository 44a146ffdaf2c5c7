/**
 * The memory engine alone, beside a plain JavaScript Map of strings to buffers: nanoseconds per put and get, bytes
 * per row, what mass expiry and eviction cost, and the longest pause while it grows.
 * Arguments: rows of the memory test, rows of the pause test.
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
const ROUND_CALLS = 20_000;
const ROUNDS = 100;
const MIB = 2 ** 20;

const clock = createNodejsClock();
const host = createNodejsHost();
const source = new Uint8Array(KEY_BYTES);
const key = new RowKey(0x5eed);
const into: ByteRange = { bytes: source, start: 0, end: 0 };
const cellBuffer = new Uint8Array(4096).fill(0x76);
const cell: ByteRange = { bytes: cellBuffer, start: 37, end: 37 + CELL_BYTES };
const expiry = { ofNewRowsMs: NEVER_EXPIRES };
const rules: CellRules = {
  merge: (existing) => existing,
  expiresAtMs: () => expiry.ofNewRowsMs,
  isCollectible: ({ bytes, start }, wallMs) =>
    bytes[start] === 0 || (expiry.ofNewRowsMs !== NEVER_EXPIRES && expiry.ofNewRowsMs <= wallMs),
};

function createEngine(memoryBytesMax = 0): MemoryEngine {
  const limits = { memoryBytesMax, evictionPolicy: "allkeys-lru", evictionSamples: 5 } as const;
  return new MemoryEngine({ rules, random: createNodejsRandom(), clock, ...limits });
}

/** `key` becomes that of row `number`. */
function aim(number: number): void {
  name(number);
  key.encode(0, source, 0, KEY_BYTES);
}

function name(number: number): void {
  let rest = Math.imul(number, 0x9e3779b1);
  for (let i = 0; i < 8; i++) {
    source[i] = 97 + (rest & 15);
    rest >>>= 4;
  }
  for (let i = 8; i < KEY_BYTES; i++) source[i] = 48 + ((number >>> ((i - 8) * 4)) & 15);
}

function text(): string {
  return String.fromCharCode.apply(undefined, source as unknown as number[]);
}

function fill(engine: MemoryEngine, rowCount: number): void {
  for (let i = 0; i < rowCount; i++) {
    aim(i);
    engine.put(key, cell);
  }
}

/** Nanoseconds per call of `body` with a number below `limit`, in the best of many short rounds: others run too. */
function nanoseconds(limit: number, body: (number: number) => void): number {
  let best = Number.POSITIVE_INFINITY;
  let state = 1;
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = clock.monotonicMs();
    for (let i = 0; i < ROUND_CALLS; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      body((state >>> 8) % limit);
    }
    best = Math.min(best, ((clock.monotonicMs() - startMs) / ROUND_CALLS) * 1e6);
  }
  return best;
}

/** Memory that `build` keeps, in bytes; and what it built. */
function growthOf<T>(build: () => T): { built: T; growthBytes: number } {
  globalThis.gc?.();
  const before = host.residentBytes();
  const built = build();
  globalThis.gc?.();
  return { built, growthBytes: host.residentBytes() - before };
}

function measureMemory(rowCount: number): { engine: MemoryEngine; map: Map<string, Uint8Array> } {
  const own = growthOf(() => {
    const engine = createEngine();
    fill(engine, rowCount);
    return engine;
  });
  const peer = growthOf(() => {
    const map = new Map<string, Uint8Array>();
    for (let i = 0; i < rowCount; i++) {
      name(i);
      map.set(text(), cellBuffer.slice(cell.start, cell.end));
    }
    return map;
  });
  const { memoryBytes, liveBytes } = own.built.statistics;
  const perRow = (bytes: number): string => `${(bytes / rowCount).toFixed(1)} B/row`;
  console.log(`${rowCount} rows of a 22-byte row key and a ${CELL_BYTES}-byte cell`);
  console.log(`  resident growth  ${perRow(own.growthBytes)}, ${(own.growthBytes / MIB).toFixed(1)} MiB`);
  console.log(
    `  memoryBytes      ${perRow(memoryBytes)}, ${(memoryBytes / own.growthBytes).toFixed(3)} of it`,
  );
  console.log(`  liveBytes        ${perRow(liveBytes)}`);
  console.log(
    `  a Map            ${perRow(peer.growthBytes)}, ${(own.growthBytes / peer.growthBytes).toFixed(2)} of it`,
  );
  return { engine: own.built, map: peer.built };
}

function measureSpeed(engine: MemoryEngine, map: Map<string, Uint8Array>, rowCount: number): void {
  const aiming = nanoseconds(rowCount, aim);
  const naming = nanoseconds(rowCount, (number) => {
    name(number);
    text();
  });
  const own = {
    put: (number: number): void => {
      aim(number);
      engine.put(key, cell);
    },
    get: (number: number): void => {
      aim(number);
      if (!engine.get(key, into)) throw new Error("a row is missing");
    },
  };
  const peer = {
    put: (number: number): void => {
      name(number);
      map.set(text(), cellBuffer.slice(cell.start, cell.end));
    },
    get: (number: number): void => {
      name(number);
      if (map.get(text()) === undefined) throw new Error("an entry is missing");
    },
  };
  console.log(`${rowCount} rows, drawn at random; making the key (${aiming.toFixed(0)} ns) is not counted`);
  for (const call of ["put", "get"] as const) {
    const ownNs = nanoseconds(rowCount, own[call]) - aiming;
    const peerNs = nanoseconds(rowCount, peer[call]) - naming;
    console.log(
      `  ${call}  ${ownNs.toFixed(0)} ns, ${(ownNs / peerNs).toFixed(2)} of a Map's ${peerNs.toFixed(0)} ns`,
    );
  }
}

function measureEviction(rowCount: number): void {
  const engine = createEngine();
  fill(engine, rowCount);
  engine.setLimits({ memoryBytesMax: engine.statistics.liveBytes });
  let next = rowCount;
  const putNs = nanoseconds(1, () => {
    aim(next++);
    engine.put(key, cell);
  });
  console.log(`${rowCount} rows at their limit: a new row, which evicts one, takes ${putNs.toFixed(0)} ns`);
  engine.clear();
}

function measureExpiry(rowCount: number): void {
  const engine = createEngine();
  expiry.ofNewRowsMs = clock.wallMs() + 3_600_000;
  fill(engine, rowCount);
  const steps: number[] = [];
  for (let dropped = 1; dropped > 0; ) {
    const startMs = clock.monotonicMs();
    dropped = engine.dropExpired(expiry.ofNewRowsMs, 500);
    steps.push(clock.monotonicMs() - startMs);
  }
  expiry.ofNewRowsMs = NEVER_EXPIRES;
  const totalMs = steps.reduce((sum, ms) => sum + ms, 0);
  const middle = steps.sort((a, b) => a - b)[steps.length >> 1]!;
  console.log(`${rowCount} rows that expire at once are gone after ${totalMs.toFixed(0)} ms`);
  console.log(`  in ${steps.length} steps of ${middle.toFixed(2)} ms; ${engine.counts(0).rows} are left`);
  engine.clear();
}

/** What takes long in each of three equal runs is the engine's own doing, not the machine's. */
function measurePauses(rowCount: number): void {
  const leastMs = new Float32Array(rowCount).fill(Number.POSITIVE_INFINITY);
  let bestMs = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3; run++) {
    const engine = createEngine();
    const runStartMs = clock.monotonicMs();
    let startMs = runStartMs;
    for (let i = 0; i < rowCount; i++) {
      aim(i);
      engine.put(key, cell);
      const endMs = clock.monotonicMs();
      leastMs[i] = Math.min(leastMs[i]!, endMs - startMs);
      startMs = endMs;
    }
    bestMs = Math.min(bestMs, startMs - runStartMs);
    engine.clear();
  }
  const longest = leastMs.reduce((most, ms) => Math.max(most, ms), 0);
  const nsPerRow = ((bestMs / rowCount) * 1e6).toFixed(0);
  console.log(`growing to ${rowCount} rows: ${nsPerRow} ns per row, key and clock included`);
  console.log(
    `  longest put ${longest.toFixed(2)} ms; ${leastMs.filter((ms) => ms > 1).length} longer than 1 ms`,
  );
}

const [memoryRows = 1_000_000, pauseRows = 5_000_000] = process.argv.slice(2).map(Number);
const { engine, map } = measureMemory(memoryRows);
measureSpeed(engine, map, memoryRows);
for (const rowCount of [100_000, 1000, 1]) {
  engine.clear();
  map.clear();
  fill(engine, rowCount);
  for (let i = 0; i < rowCount; i++) {
    name(i);
    map.set(text(), cellBuffer.slice(cell.start, cell.end));
  }
  measureSpeed(engine, map, rowCount);
}
engine.clear();
map.clear();
measureEviction(memoryRows);
measureExpiry(memoryRows);
measurePauses(pauseRows);
