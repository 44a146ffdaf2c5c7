/**
 * Kvorum beside redis-server and beside a bare RESP loop, on this machine, in turn: SET and GET of 100 bytes from
 * 50 connections, unpipelined and 16 deep, and the memory of a million keys. Neither side persists anything.
 *
 * Only the ratios of one run are claims: absolute figures are this machine's. `--quick` for a short look.
 */

import { report, runInTurn } from "./peers/comparison.ts";
import {
  HOW_TO_INSTALL_REDIS,
  isInstalled,
  startBareLoop,
  startKvorum,
  startRedis,
} from "./peers/contender.ts";
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
        const title = `${command} -P ${pipeline}`;
        report(title, await runInTurn(contenders, load, { rounds: ROUNDS, hasRedisBenchmark }));
      }
    }
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
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
