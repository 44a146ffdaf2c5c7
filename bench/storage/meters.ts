/** What a run costs: time, what it writes, what it holds. Linux tells of a process's writes and memory. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";

export interface Cost {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

export async function measure(body: () => unknown): Promise<Cost> {
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await body();
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpuSeconds: (user + system) / 1e6 };
}

/** Bytes that this process has given to the system to write, all threads together. */
export function writtenBytes(): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1] ?? 0);
}

/** The most that this process ever had in memory that is not a file's. */
export function peakMemoryBytes(): number {
  return 1024 * process.resourceUsage().maxRSS;
}

export function directoryBytes(directory: string): number {
  let bytes = 0;
  for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    const status = statSync(join(directory, name), { throwIfNoEntry: false });
    if (status?.isFile()) bytes += Math.min(status.size, 512 * status.blocks);
  }
  return bytes;
}

/** How long the event loop was held up while `body` ran, in milliseconds. */
export async function measurePauses(body: () => Promise<void>): Promise<{ p99: number; longest: number }> {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  await body();
  delays.disable();
  return { p99: delays.percentile(99) / 1e6, longest: delays.max / 1e6 };
}
