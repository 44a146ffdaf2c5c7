/**
 * What recording costs: the same nodes with `--metrics on` and `off`, one alone and three as a cluster, SET and GET, one request and 16 on
 * their way on each of 50 connections. They have their turns one after the other, and what counts is the processor time
 * of the nodes per request, pair by pair: it hardly depends on what else the machine does.
 *
 * `--quick` for a short look.
 */
import { type ClusterContender, togetherAs } from "./cluster/contender.ts";
import { startKvorumCluster } from "./cluster/kvorum-cluster.ts";
import { median } from "./peers/comparison.ts";
import { isInstalled, startKvorum } from "./peers/contender.ts";
import { drive, type Load } from "./peers/load.ts";

const isQuick = process.argv.includes("--quick");
const PAIRS = isQuick ? 4 : 20;
const REQUESTS = { 1: isQuick ? 40_000 : 100_000, 16: isQuick ? 200_000 : 500_000 } as const;
const KEYS = 10_000;
const hasRedisBenchmark = isInstalled("redis-benchmark");

interface Both {
  readonly on: ClusterContender;
  readonly off: ClusterContender;
}

await compare("one node", async (...options) => togetherAs("kvorum", [await startKvorum(...options)]));
await compare("three nodes", (...options) => startKvorumCluster(3, ...options));

async function compare(
  title: string,
  begin: (...options: string[]) => Promise<ClusterContender>,
): Promise<void> {
  const both: Both = {
    on: await begin("--storage", "memory", "--metrics", "on"),
    off: await begin("--storage", "memory", "--metrics", "off"),
  };
  try {
    for (const pipeline of [1, 16] as const) {
      for (const command of ["SET", "GET"] as const) {
        const requests = REQUESTS[pipeline];
        const load = { command, pipeline, connections: 50, valueBytes: 100, requests, keys: KEYS };
        await measurePairs(`${title}, ${command} -P ${pipeline}`, both, load);
      }
    }
  } finally {
    await Promise.all([both.on.stop(), both.off.stop()]);
  }
}

/** After a round to warm up, pairs of rounds whose order changes. */
async function measurePairs(title: string, { on, off }: Both, load: Load): Promise<void> {
  const ratios: number[] = [];
  const micros: number[] = [];
  for (let pair = -1; pair < PAIRS; pair++) {
    const isFirst = pair % 2 === 0;
    const first = await cpuMicrosPerRequest(isFirst ? on : off, load);
    const second = await cpuMicrosPerRequest(isFirst ? off : on, load);
    if (pair < 0) continue;
    const [withIt, without] = isFirst ? [first, second] : [second, first];
    ratios.push(withIt / without);
    micros.push(withIt);
  }
  const sorted = ratios.toSorted((a, b) => a - b);
  const percent = (ratio: number): string => `${((ratio - 1) * 100).toFixed(1)}%`;
  const quartile = Math.floor(sorted.length / 4);
  const [low, high] = [sorted[quartile]!, sorted[sorted.length - 1 - quartile]!];
  const half = `${percent(low)} to ${percent(high)}`;
  console.log(
    `${title.padEnd(24)} ${median(micros).toFixed(2)} µs a request, recording ${percent(median(ratios))} of it (half of the pairs: ${half})`,
  );
}

async function cpuMicrosPerRequest(nodes: ClusterContender, load: Load): Promise<number> {
  const before = nodes.cpuMicros();
  await drive(nodes.ports[0]!, load, hasRedisBenchmark);
  const after = nodes.cpuMicros();
  if (before === undefined || after === undefined)
    throw new Error("this system does not tell processor time");
  return (after - before) / load.requests;
}
