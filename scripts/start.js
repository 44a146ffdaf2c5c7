/** `npm start [-- OPTIONS]`: one node, from a fresh checkout. The options are those of `kvorum serve`. */
import { compile, PACKAGE } from "./steps/compile.js";
import { install } from "./steps/install.js";
import { prepare } from "./steps/prepare.js";

await prepare(install, () => compile(PACKAGE));
// In this very process, so that signals to npm reach the node with nobody in between.
const { main } = await import("../dist/cli/main.js");
await main(["serve", "--port-search", ...process.argv.slice(2)], { welcomes: true });
