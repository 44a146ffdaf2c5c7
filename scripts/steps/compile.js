/** TypeScript to JavaScript: done again only if a source, a setting or the compiler changed. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Refusal, ROOT, runScript, say, TOOLS } from "./child.js";

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
  const sources = unit.sources.flatMap((folder) => filesIn(folder, ".ts"));
  const print = fingerprint([...sources, unit.project, "tsconfig.json", "package-lock.json"]);
  const stamp = join(ROOT, unit.output, ".compiled");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === print) return;
  say(`compiling ${unit.what}`);
  rmSync(stamp, { force: true });
  dropOrphans(unit, sources);
  const exitCode = await runScript(TOOLS.tsc, ["-p", unit.project], { outputTo: process.stderr.fd });
  if (exitCode !== 0) throw new Refusal(`could not compile ${unit.what}; the compiler says why above`);
  writeFileSync(stamp, print);
}

/** Changes when a file comes, goes or is written. */
function fingerprint(files) {
  const hash = createHash("sha256");
  for (const file of files) {
    const { mtimeMs, size } = statSync(join(ROOT, file));
    hash.update(`${file} ${mtimeMs} ${size}\n`);
  }
  return hash.digest("hex");
}

/** Removes the output of sources that are gone, which the compiler would leave to be imported for ever. */
function dropOrphans(unit, sources) {
  const targets = new Set(sources.map((source) => unit.target(source).replace(/\.ts$/, "")));
  for (const file of filesIn(unit.output, ".js", ".d.ts")) {
    if (!targets.has(file.replace(/(\.d\.ts|\.js)$/, ""))) rmSync(join(ROOT, file));
  }
}

/** Paths from the root of files whose name ends in one of `endings`, sorted; none if there is no such folder. */
function filesIn(folder, ...endings) {
  if (!existsSync(join(ROOT, folder))) return [];
  const names = readdirSync(join(ROOT, folder), { recursive: true }).map((name) => join(folder, name));
  return names.filter((name) => endings.some((ending) => name.endsWith(ending))).sort();
}
