/** `npm run build`: the package in dist/. */
import { compile, PACKAGE } from "./steps/compile.js";
import { install } from "./steps/install.js";
import { prepare } from "./steps/prepare.js";

await prepare(install, () => compile(PACKAGE));
