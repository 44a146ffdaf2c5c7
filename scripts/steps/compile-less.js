/**
 * Lets V8 compile for speed later and less at a time. A simulated cluster runs ten thousand functions a little each: left to
 * itself, V8 spends a quarter of a run of some seeds on optimising code that is not worth it. To be called before that code runs.
 */
import { setFlagsFromString } from "node:v8";

const FLAGS = [
  "--always-sparkplug",
  "--max-inlined-bytecode-size-cumulative=200",
  "--max-optimized-bytecode-size=6000",
];
/** Known to the V8 of Node.js 20 only; later ones count otherwise. */
const LATER = "--interrupt-budget=150000";

export function compileLess() {
  const isOld = Number(process.versions.node.split(".")[0]) <= 20;
  for (const flag of isOld ? [...FLAGS, LATER] : FLAGS) setFlagsFromString(flag);
}
