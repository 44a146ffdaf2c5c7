/** `npm start [-- OPTIONS]`: three nodes of one cluster, from a fresh checkout. The options are those of `kvorum up`. */
import { compile, PACKAGE } from "./steps/compile.js";
import { buildDashboard } from "./steps/dashboard.js";
import { install } from "./steps/install.js";
import { prepare } from "./steps/prepare.js";

await prepare(install, () => compile(PACKAGE), buildDashboard);
// In this very process, so that signals to npm reach it with nobody in between.
const { main } = await import("../dist/cli/main.js");
await main(["up", ...process.argv.slice(2)]);
