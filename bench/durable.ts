/**
 * Kvorum on disk beside redis-server with its append-only file, both synced alike: every second, then before every
 * answer. SET and GET of 100 bytes from 50 connections, unpipelined and 16 deep. Then how much longer a SET of Kvorum's
 * takes while tables are written and merged all the time.
 *
 * Only the ratios of one run are claims. `--quick` for a short look.
 */
import { medians, report, runInTurn } from "./peers/comparison.ts";
import { HOW_TO_INSTALL_REDIS, isInstalled, startKvorum, startRedis } from "./peers/contender.ts";
import { drive, type Load } from "./peers/load.ts";

const isQuick = process.argv.includes("--quick");
const ROUNDS = isQuick ? 1 : 5;
const REQUESTS = {
  everysec: { 1: isQuick ? 100_000 : 300_000, 16: isQuick ? 800_000 : 2_000_000 },
  always: { 1: isQuick ? 10_000 : 40_000, 16: isQuick ? 100_000 : 400_000 },
} as const;
/** Keys of which every request takes one by chance. */
const KEYS = 1_000_000;
/** Fewer bytes than one memtable takes, and several of them. */
const QUIET_REQUESTS = 100_000;
const BUSY_REQUESTS = isQuick ? 600_000 : 3_000_000;

const hasRedis = isInstalled("redis-server");
const hasRedisBenchmark = isInstalled("redis-benchmark");
if (!hasRedis) console.log(`No redis-server to compare with. To install it: ${HOW_TO_INSTALL_REDIS}`);

for (const fsync of ["everysec", "always"] as const) await compare(fsync);
await compareWithQuiet();

async function compare(fsync: "everysec" | "always"): Promise<void> {
  const contenders = [await startKvorum("--storage", "disk", "--fsync", fsync)];
  if (hasRedis) contenders.push(await startRedis("--appendonly", "yes", "--appendfsync", fsync));
  try {
    for (const pipeline of [1, 16] as const) {
      for (const command of ["SET", "GET"] as const) {
        const load = { ...loadOf(REQUESTS[fsync][pipeline]), command, pipeline };
        const runs = await runInTurn(contenders, load, { rounds: ROUNDS, hasRedisBenchmark });
        report(`${command} -P ${pipeline}, synced ${fsync}`, runs);
      }
    }
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
}

async function compareWithQuiet(): Promise<void> {
  const quiet = [];
  const busy = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { port, stop } = await startKvorum("--storage", "disk");
    await drive(port, loadOf(QUIET_REQUESTS), hasRedisBenchmark); // to warm up
    quiet.push(await drive(port, loadOf(QUIET_REQUESTS), hasRedisBenchmark));
    await drive(port, loadOf(BUSY_REQUESTS), hasRedisBenchmark);
    busy.push(await drive(port, loadOf(BUSY_REQUESTS), hasRedisBenchmark));
    await stop();
  }
  const [before, during] = [medians(quiet).p99Ms, medians(busy).p99Ms];
  console.log(`\nSET -P 1 of ${KEYS.toLocaleString("en")} keys   (medians of ${ROUNDS})`);
  console.log(`  p99 in quiet ${before.toFixed(3)} ms, with flushes and compactions ${during.toFixed(3)} ms`);
  console.log(`  with flushes and compactions / in quiet: ${(during / before).toFixed(2)}`);
}

function loadOf(requests: number): Load {
  return { command: "SET", pipeline: 1, connections: 50, valueBytes: 100, requests, keys: KEYS };
}
