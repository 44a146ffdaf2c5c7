/** The real doors, all of them. */
import type { Runtime } from "../runtime.ts";
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
  return {
    clock,
    disk,
    network: createNodejsNetwork(),
    random: createNodejsRandom(),
    host: createNodejsHost(),
    background: new NodejsBackground({ clock, disk }, { threadsMax: BACKGROUND_THREADS_MAX }),
  };
}
