/** `npm run check`: types, lint and format, floors. Runs all, then fails if any did. */
import { runScript, say, TOOLS } from "./steps/child.js";
import { install } from "./steps/install.js";
import { prepare } from "./steps/prepare.js";

const CHECKS = [
  ["types", TOOLS.tsc, ["--noEmit"]],
  ["types of the dashboard", TOOLS.tsc, ["-p", "src/dashboard"]],
  ["types of what runs in a browser to test it", TOOLS.tsc, ["-p", "test/browser"]],
  ["lint and format (npm run format mends most)", TOOLS.biome, ["check"]],
  ["floors", TOOLS.vitest, ["run", "test/tidy.test.ts"]],
];

await prepare(install);
for (const [what, script, args] of CHECKS) {
  say(`checking ${what}`);
  if ((await runScript(script, args)) !== 0) process.exitCode = 1;
}
