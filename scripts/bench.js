/** `npm run bench -- NAME [ARGUMENTS]`: runs bench/NAME.ts; without a name, lists them. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT, runCommand, say } from "./steps/child.js";
import { BENCHMARKS, compile, PACKAGE } from "./steps/compile.js";
import { install } from "./steps/install.js";
import { prepare } from "./steps/prepare.js";

const [name, ...args] = process.argv.slice(2);
if (name === undefined || !existsSync(join(ROOT, "bench", `${name}.ts`))) {
  const names = readdirSync(join(ROOT, "bench")).filter((file) => file.endsWith(".ts"));
  say(`name a benchmark: ${names.map((file) => file.slice(0, -".ts".length)).join(", ")}`);
  process.exit(2);
}
await prepare(
  install,
  () => compile(PACKAGE),
  () => compile(BENCHMARKS),
);
const script = join(ROOT, "build/bench", `${name}.js`);
// Benchmarks of memory collect garbage before they measure.
process.exitCode = await runCommand(process.execPath, ["--expose-gc", script, ...args]);
