/** Three servers that keep one store together, or more. */
import { readdirSync, readFileSync } from "node:fs";
import type { Contender } from "../peers/contender.ts";

export interface ClusterContender {
  readonly name: string;
  /** Where clients reach each; the first is Redis's primary. */
  readonly ports: readonly number[];
  /** Processor time of all of them so far; undefined where the system does not tell. */
  cpuMicros(): number | undefined;
  stop(): Promise<void>;
}

export function togetherAs(name: string, servers: readonly Contender[]): ClusterContender {
  return {
    name,
    ports: servers.map(({ port }) => port),
    cpuMicros: () => cpuMicrosOf(servers.map(({ pid }) => pid)),
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  };
}

/** Asks again and again, for half a minute. */
export async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (await look()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`waited in vain until ${what}`);
}

function cpuMicrosOf(pids: readonly number[]): number | undefined {
  if (process.platform !== "linux") return undefined;
  let nanos = 0;
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      // To the nanosecond, where /proc/PID/stat counts in hundredths of a second.
      nanos += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1").split(" ")[0]);
    }
  }
  return nanos / 1000;
}
