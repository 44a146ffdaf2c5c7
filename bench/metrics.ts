/**
 * What recording costs: the same nodes with `metrics` set on and off in turn, one alone and three as a cluster, SET and GET, one request and
 * 16 on their way on each of 50 connections. What counts is the processor time of the nodes per request, pair by pair. The nodes stay the same
 * processes: two that do the same differ by 5 to 10 % for as long as they live, by where their code and memory came to lie.
 *
 * Before that, the timing alone, in a loop without sockets.
 *
 * `--quick` for a short look; `--storage disk` for nodes on disk.
 */

import { createNodejsClock } from "../src/runtime/nodejs/clock.ts";
import { CommandEntry } from "../src/server/command-table.ts";
import { get } from "../src/server/commands/get.ts";
import { TurnTimes } from "../src/server/turn-times.ts";
import { type ClusterContender, togetherAs } from "./cluster/contender.ts";
import { startKvorumCluster } from "./cluster/kvorum-cluster.ts";
import { call } from "./cluster/resp-call.ts";
import { median } from "./peers/comparison.ts";
import { isInstalled, startKvorum } from "./peers/contender.ts";
import { drive, type Load } from "./peers/load.ts";

const isQuick = process.argv.includes("--quick");
const PAIRS = isQuick ? 4 : 20;
const REQUESTS = { 1: isQuick ? 40_000 : 100_000, 16: isQuick ? 200_000 : 500_000 } as const;
const KEYS = 10_000;
const storage = process.argv.includes("disk") ? "disk" : "memory";
const hasRedisBenchmark = isInstalled("redis-benchmark");

timeParts();
await compare("one node", async (...options) => togetherAs("kvorum", [await startKvorum(...options)]));
await compare("three nodes", (...options) => startKvorumCluster(3, ...options));

async function compare(
  title: string,
  begin: (...options: string[]) => Promise<ClusterContender>,
): Promise<void> {
  const nodes = await begin("--storage", storage);
  try {
    for (const pipeline of [1, 16] as const) {
      for (const command of ["SET", "GET"] as const) {
        const requests = REQUESTS[pipeline];
        const load = { command, pipeline, connections: 50, valueBytes: 100, requests, keys: KEYS };
        await measurePairs(`${title}, ${command} -P ${pipeline}`, nodes, load);
      }
    }
  } finally {
    await nodes.stop();
  }
}

/** After a round to warm up, pairs of rounds whose order changes. */
async function measurePairs(title: string, nodes: ClusterContender, load: Load): Promise<void> {
  const ratios: number[] = [];
  const micros: number[] = [];
  for (let pair = -1; pair < PAIRS; pair++) {
    const isFirst = pair % 2 === 0;
    const first = await cpuMicrosPerRequest(nodes, load, isFirst ? "on" : "off");
    const second = await cpuMicrosPerRequest(nodes, load, isFirst ? "off" : "on");
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

async function cpuMicrosPerRequest(
  nodes: ClusterContender,
  load: Load,
  metrics: "on" | "off",
): Promise<number> {
  for (const port of nodes.ports) await call(port, "CONFIG", "SET", "metrics", metrics);
  const before = nodes.cpuMicros();
  await drive(nodes.ports[0]!, load, hasRedisBenchmark);
  const after = nodes.cpuMicros();
  if (before === undefined || after === undefined)
    throw new Error("this system does not tell processor time");
  return (after - before) / load.requests;
}

/** The least of many rounds: what else the machine does only adds to it. */
function timeParts(): void {
  const clock = createNodejsClock();
  const [on, off] = [true, false].map((records) => new TurnTimes<never>(clock, records)) as [Times, Times];
  const entry = new CommandEntry<never>(get);
  for (const requests of [1, 16]) {
    const least = { on: Number.POSITIVE_INFINITY, off: Number.POSITIVE_INFINITY };
    for (let round = 0; round < 30; round++) {
      least.on = Math.min(least.on, nanosPerRequest(on, entry, requests));
      least.off = Math.min(least.off, nanosPerRequest(off, entry, requests));
    }
    const title = `timing alone, ${requests === 1 ? "one request" : `each of ${requests}`} in a go`;
    console.log(`${title}: ${(least.on - least.off).toFixed(1)} ns`);
  }
}

type Times = TurnTimes<never>;

function nanosPerRequest(times: Times, entry: CommandEntry<never>, requests: number): number {
  const goes = 100_000;
  times.onSecond();
  const before = process.cpuUsage();
  for (let go = 0; go < goes; go++) {
    times.begin();
    for (let i = 0; i < requests; i++) {
      times.countRequest();
      times.countFastCall(entry);
    }
    times.end();
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / goes / requests;
}
