/** The real doors, all of them. */
import type { Runtime } from "../runtime.ts";
import { createNodejsClock } from "./clock.ts";
import { createNodejsDisk } from "./disk.ts";
import { createNodejsHost } from "./host.ts";
import { createNodejsNetwork } from "./network.ts";
import { createNodejsRandom } from "./random.ts";

export function createNodejsRuntime(): Runtime {
  return {
    clock: createNodejsClock(),
    disk: createNodejsDisk(),
    network: createNodejsNetwork(),
    random: createNodejsRandom(),
    host: createNodejsHost(),
  };
}
