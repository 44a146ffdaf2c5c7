/** TypeScript to JavaScript: done again only if a source, a setting or the compiler changed. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { Refusal, ROOT, runScript, say, TOOLS } from "./child.js";
import { filesIn } from "./files.js";
import { isDone, noteDone } from "./stamp.js";

/** It is built by a step of its own, beside the rest of the output. */
const DASHBOARD = /^(src|dist)[/\\]dashboard[/\\]/;

/** The package itself: src/x.ts becomes dist/x.js. */
export const PACKAGE = {
  what: "Kvorum",
  project: "tsconfig.build.json",
  sources: ["src"],
  output: "dist",
  /** Where the output of `source` stands. */
  target: (source) => source.replace(/^src/, "dist"),
};

/** The benchmarks with a copy of all they import: bench/x.ts becomes build/bench/x.js. */
export const BENCHMARKS = {
  what: "the benchmarks",
  project: "tsconfig.bench.json",
  sources: ["src", "bench"],
  output: "build",
  target: (source) => join("build", source),
};

export async function compile(unit) {
  const all = unit.sources.flatMap((folder) => filesIn(folder, ".ts"));
  const sources = all.filter((file) => !DASHBOARD.test(file));
  const inputs = [...sources, unit.project, "tsconfig.json", "package-lock.json"];
  const stamp = join(unit.output, ".compiled");
  if (isDone(stamp, inputs)) return;
  say(`compiling ${unit.what}`);
  rmSync(join(ROOT, stamp), { force: true });
  dropOrphans(unit, sources);
  const exitCode = await runScript(TOOLS.tsc, ["-p", unit.project], { outputTo: process.stderr.fd });
  if (exitCode !== 0) throw new Refusal(`could not compile ${unit.what}; the compiler says why above`);
  noteDone(stamp, inputs);
}

/** Removes the output of sources that are gone, which the compiler would leave to be imported for ever. */
function dropOrphans(unit, sources) {
  const targets = new Set(sources.map((source) => unit.target(source).replace(/\.ts$/, "")));
  for (const file of filesIn(unit.output, ".js", ".d.ts")) {
    if (!DASHBOARD.test(file) && !targets.has(file.replace(/(\.d\.ts|\.js)$/, ""))) rmSync(join(ROOT, file));
  }
}
