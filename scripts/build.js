/** `npm run build`: the package in dist/, with the dashboard. */
import { compile, PACKAGE } from "./steps/compile.js";
import { buildDashboard } from "./steps/dashboard.js";
import { install } from "./steps/install.js";
import { prepare } from "./steps/prepare.js";

await prepare(install, () => compile(PACKAGE), buildDashboard);
