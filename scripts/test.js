/** `npm test [-- ARGUMENTS]`: all tests, or those that vitest's arguments choose. Builds: some run `kvorum`. */
import { runScript, TOOLS } from "./steps/child.js";
import { compile, PACKAGE } from "./steps/compile.js";
import { buildDashboard } from "./steps/dashboard.js";
import { install } from "./steps/install.js";
import { prepare } from "./steps/prepare.js";

await prepare(install, () => compile(PACKAGE), buildDashboard);
process.exitCode = await runScript(TOOLS.vitest, ["run", ...process.argv.slice(2)]);
