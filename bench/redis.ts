/**
 * Kvorum beside redis-server and beside a bare RESP loop, on this machine, in turn: SET and GET of 100 bytes from
 * 50 connections, unpipelined and 16 deep, and the memory of a million keys. Neither side persists anything.
 *
 * Only the ratios of one run are claims: absolute figures are this machine's. `--quick` for a short look.
 */
import {
  type Contender,
  HOW_TO_INSTALL_REDIS,
  isInstalled,
  startBareLoop,
  startKvorum,
  startRedis,
} from "./peers/contender.ts";
import { drive, type Load, type Measured } from "./peers/load.ts";
import { measureMemory } from "./peers/memory.ts";

const isQuick = process.argv.includes("--quick");
const ROUNDS = isQuick ? 1 : 5;
const KEYS = isQuick ? 100_000 : 1_000_000;
const REQUESTS = { 1: isQuick ? 100_000 : 300_000, 16: isQuick ? 800_000 : 3_000_000 } as const;

const hasRedis = isInstalled("redis-server");
const hasRedisBenchmark = isInstalled("redis-benchmark");
if (!hasRedis) console.log(`No redis-server to compare with. To install it: ${HOW_TO_INSTALL_REDIS}`);
if (!hasRedisBenchmark) console.log("No redis-benchmark: the load comes from this benchmark's own loader.");

await compareThroughput();
await compareMemory();

async function compareThroughput(): Promise<void> {
  const contenders = [await startKvorum("--storage", "memory"), await startBareLoop()];
  if (hasRedis) contenders.push(await startRedis());
  try {
    for (const pipeline of [1, 16] as const) {
      for (const command of ["SET", "GET"] as const) {
        const load = { command, pipeline, connections: 50, valueBytes: 100, requests: REQUESTS[pipeline] };
        report(load, await runInTurn(contenders, load));
      }
    }
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
}

/** One round to warm up, then rounds in which each contender has its turn, the first one changing. */
async function runInTurn(contenders: readonly Contender[], load: Load): Promise<Map<string, Measured[]>> {
  const runs = new Map(contenders.map(({ name }) => [name, [] as Measured[]]));
  for (let round = -1; round < ROUNDS; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const { name, port } = contenders[(turn + round + 1) % contenders.length]!;
      const measured = await drive(port, load, hasRedisBenchmark);
      if (round >= 0) runs.get(name)!.push(measured);
    }
  }
  return runs;
}

function report({ command, pipeline }: Load, runs: ReadonlyMap<string, readonly Measured[]>): void {
  console.log(`\n${command} -P ${pipeline}   (medians of ${ROUNDS})`);
  for (const [name, measured] of runs) {
    const { requestsPerSecond, p50Ms, p99Ms } = medians(measured);
    const rate = Math.round(requestsPerSecond).toLocaleString("en").padStart(11);
    console.log(
      `  ${name.padEnd(13)}${rate} requests/s   p50 ${p50Ms.toFixed(3)} ms   p99 ${p99Ms.toFixed(3)} ms`,
    );
  }
  const kvorum = runs.get("kvorum")!;
  for (const [name, measured] of runs) {
    if (name === "kvorum") continue;
    const rate = median(kvorum.map((run, i) => run.requestsPerSecond / measured[i]!.requestsPerSecond));
    const p99 = medians(kvorum).p99Ms / medians(measured).p99Ms;
    console.log(`  kvorum / ${name}: throughput ${rate.toFixed(2)}, p99 ${p99.toFixed(2)}`);
  }
}

async function compareMemory(): Promise<void> {
  console.log(`\nMemory of ${KEYS.toLocaleString("en")} keys of 16 bytes with values of 100 bytes`);
  const start = hasRedis
    ? [() => startKvorum("--storage", "memory"), () => startRedis()]
    : [() => startKvorum()];
  const used: number[] = [];
  for (const startOne of start) {
    const contender = await startOne();
    const { usedBytes, residentBytes } = await measureMemory(contender, KEYS);
    await contender.stop();
    used.push(usedBytes);
    const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
    console.log(
      `  ${contender.name.padEnd(13)} used_memory +${mib(usedBytes)}   resident +${mib(residentBytes)}`,
    );
    if (used.length === 2)
      console.log(`  kvorum / redis-server: used_memory ${(used[0]! / used[1]!).toFixed(2)}`);
  }
}

function medians(measured: readonly Measured[]): Measured {
  return {
    requestsPerSecond: median(measured.map((run) => run.requestsPerSecond)),
    p50Ms: median(measured.map((run) => run.p50Ms)),
    p99Ms: median(measured.map((run) => run.p99Ms)),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
