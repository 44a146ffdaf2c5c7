/** `npm run sim:scale`: simulates clusters of many sizes, and writes docs/scale.md with its pictures. */
import { writeFileSync } from "node:fs";
import { compile, PACKAGE } from "./steps/compile.js";
import { install } from "./steps/install.js";
import { prepare } from "./steps/prepare.js";

await prepare(install, () => compile(PACKAGE));
const { FULL_SIZES, reportScale } = await import("../dist/sim/scale/scale-report.js");
const files = await reportScale(FULL_SIZES, (what) => console.error(what));
for (const [name, content] of files) writeFileSync(new URL(`../docs/${name}`, import.meta.url), content);
