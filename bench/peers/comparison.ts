/** Contenders under the same load, one after the other, and how they compare. */
import type { Contender } from "./contender.ts";
import { drive, type Load, type Measured } from "./load.ts";

export interface Turns {
  readonly rounds: number;
  readonly hasRedisBenchmark: boolean;
}

/** By contender, each round's. */
export type Runs = ReadonlyMap<string, readonly Measured[]>;

/** One round to warm up, then rounds in which each contender has its turn, the first one changing. */
export async function runInTurn(
  contenders: readonly Contender[],
  load: Load,
  { rounds, hasRedisBenchmark }: Turns,
): Promise<Runs> {
  const runs = new Map(contenders.map(({ name }) => [name, [] as Measured[]]));
  for (let round = -1; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const { name, port } = contenders[(turn + round + 1) % contenders.length]!;
      const measured = await drive(port, load, hasRedisBenchmark);
      if (round >= 0) runs.get(name)!.push(measured);
    }
  }
  return runs;
}

/** Medians of each contender, and the ratios of the first, which is Kvorum, to the others. */
export function report(title: string, runs: Runs): void {
  const [ours, kvorum] = [...runs][0]!;
  const width = Math.max(13, ...[...runs.keys()].map((name) => name.length + 1));
  console.log(`\n${title}   (medians of ${kvorum.length})`);
  for (const [name, measured] of runs) {
    const { requestsPerSecond, p50Ms, p99Ms, cpuMicros } = medians(measured);
    const cpu = cpuMicros === undefined ? "" : `   cpu ${cpuMicros.toFixed(1)} µs`;
    const rate = Math.round(requestsPerSecond).toLocaleString("en").padStart(11);
    console.log(
      `  ${name.padEnd(width)}${rate} requests/s   p50 ${p50Ms.toFixed(3)} ms   p99 ${p99Ms.toFixed(3)} ms${cpu}`,
    );
  }
  for (const [name, measured] of runs) {
    if (name === ours) continue;
    const rate = median(kvorum.map((run, i) => run.requestsPerSecond / measured[i]!.requestsPerSecond));
    const p99 = medians(kvorum).p99Ms / medians(measured).p99Ms;
    const cpu = cpuRatio(medians(kvorum), medians(measured));
    console.log(`  ${ours} / ${name}: throughput ${rate.toFixed(2)}, p99 ${p99.toFixed(2)}${cpu}`);
  }
}

function cpuRatio({ cpuMicros: ours }: Measured, { cpuMicros: theirs }: Measured): string {
  return ours === undefined || theirs === undefined ? "" : `, cpu ${(ours / theirs).toFixed(2)}`;
}

export function medians(measured: readonly Measured[]): Measured {
  return {
    requestsPerSecond: median(measured.map((run) => run.requestsPerSecond)),
    p50Ms: median(measured.map((run) => run.p50Ms)),
    p99Ms: median(measured.map((run) => run.p99Ms)),
    cpuMicros:
      measured[0]?.cpuMicros === undefined ? undefined : median(measured.map((run) => run.cpuMicros!)),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
