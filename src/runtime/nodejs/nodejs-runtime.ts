/** The real doors, all of them. */
import type { Background, Runtime } from "../runtime.ts";
import { NodejsBackground } from "./background.ts";
import { createNodejsClock } from "./clock.ts";
import { createNodejsDisk } from "./disk.ts";
import { createNodejsHost } from "./host.ts";
import { createNodejsNetwork } from "./network.ts";
import { createNodejsRandom } from "./random.ts";

/** One to flush while another compacts. */
const BACKGROUND_THREADS_MAX = 2;

export function createNodejsRuntime(): Runtime {
  const clock = createNodejsClock();
  const disk = createNodejsDisk();
  const network = createNodejsNetwork();
  return {
    clock,
    disk,
    network,
    random: createNodejsRandom(),
    host: createNodejsHost(),
    background: new NodejsBackground({ clock, disk, network }, { threadsMax: BACKGROUND_THREADS_MAX }),
  };
}

/** Threads for what is not background work at all: they have the same right to the processor as this one. */
export function createNodejsThreads({ clock, disk, network }: Runtime, threadsMax: number): Background {
  return new NodejsBackground({ clock, disk, network }, { threadsMax, niceness: 0 });
}
