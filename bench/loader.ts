/**
 * `kvorum bench` beside redis-benchmark: the same closed loop, in turn, against redis-server and against a node. Both
 * should say the same; what is measured is the load generator. `--quick` for a short look.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { median } from "./peers/comparison.ts";
import { HOW_TO_INSTALL_REDIS, isInstalled, startKvorum, startRedis } from "./peers/contender.ts";
import { drive, type Load } from "./peers/load.ts";

const isQuick = process.argv.includes("--quick");
const ROUNDS = isQuick ? 5 : 11;
const REQUESTS = isQuick ? ({ 1: 30_000, 16: 300_000 } as const) : ({ 1: 100_000, 16: 800_000 } as const);
const KEYS = 100_000;
const KVORUM = fileURLToPath(new URL("../../bin/kvorum.js", import.meta.url));

if (!isInstalled("redis-server") || !isInstalled("redis-benchmark")) {
  console.log(`Needs redis-server and redis-benchmark: ${HOW_TO_INSTALL_REDIS}`);
  process.exit(1);
}
for (const start of [startRedis, () => startKvorum("--storage", "memory")]) {
  const { name, port, stop } = await start();
  for (const pipeline of [1, 16] as const)
    for (const command of ["SET", "GET"] as const) await compare(name, port, { command, pipeline });
  await stop();
}

async function compare(
  name: string,
  port: number,
  shape: Pick<Load, "command"> & { pipeline: 1 | 16 },
): Promise<void> {
  const load = { ...shape, connections: 50, valueBytes: 100, requests: REQUESTS[shape.pipeline], keys: KEYS };
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const turns = [
      () => driveByBench(port, load),
      async () => (await drive(port, load, true)).requestsPerSecond,
    ];
    // Who goes first changes.
    const rates =
      round % 2 === 0
        ? [await turns[0]!(), await turns[1]!()]
        : [await turns[1]!(), await turns[0]!()].reverse();
    if (round < 0) continue;
    ours.push(rates[0]!);
    theirs.push(rates[1]!);
  }
  const ratio = median(ours.map((rate, i) => rate / theirs[i]!));
  const rates = [median(ours), median(theirs)].map((rate) =>
    Math.round(rate).toLocaleString("en").padStart(9),
  );
  console.log(
    `${name.padEnd(13)} ${shape.command} -P ${String(shape.pipeline).padEnd(2)}  kvorum bench ${rates[0]}   redis-benchmark ${rates[1]}   ratio ${ratio.toFixed(2)}`,
  );
}

async function driveByBench(
  port: number,
  { command, pipeline, connections, valueBytes, requests, keys }: Load,
): Promise<number> {
  const words = {
    w: command.toLowerCase(),
    P: pipeline,
    c: connections,
    d: valueBytes,
    n: requests,
    r: keys,
  };
  const flags = Object.entries(words).flatMap(([flag, value]) => [`-${flag}`, String(value)]);
  const args = [KVORUM, "bench", "--port", String(port), "--warm-up", "300ms", "--json", ...flags];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout)[0].requestsPerSecond;
}
