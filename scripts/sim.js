/** `npm run sim`, `npm run sim:swarm`: simulated clusters under faults. Exit code 1: a promise was broken; 2: usage. */
import { execFileSync, fork } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compile, PACKAGE } from "./steps/compile.js";
import { compileLess } from "./steps/compile-less.js";
import { install } from "./steps/install.js";
import { prepare } from "./steps/prepare.js";

compileLess();
const args = process.argv.slice(2);
const isWorker = process.send !== undefined;
if (!isWorker) await prepare(install, () => compile(PACKAGE));

const { parseSimRequest, UsageError, USAGE } = await import("../dist/sim/command/sim-request.js");
const { runSeeds } = await import("../dist/sim/command/run-seeds.js");
const { RunProgress } = await import("../dist/sim/command/run-progress.js");
const { readTally, tallyLine, tallySummary } = await import("../dist/sim/command/tally.js");
const { RunSummary, reportLines } = await import("../dist/sim/command/run-summary.js");

/** An observer that a worker tells its parent by, or the only process itself. */
function observerOf({ onLine, onProgress, onReport }) {
  let present;
  process.on("unhandledRejection", (cause) => {
    console.error(`seed ${present}:`, cause);
    process.exit(1);
  });
  const onSeed = (seed) => {
    present = seed;
  };
  const cpuMs = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  return { cpuMs, onSeed, onLine, onProgress, onReport };
}

if (isWorker) {
  process.once("message", async ({ seeds, request }) => {
    const tell = (kind) => (what) => process.send({ kind, what });
    let shownAt = 0;
    await runSeeds(
      seeds,
      request,
      observerOf({
        onLine: tell("line"),
        onReport: tell("report"),
        onProgress: (share) => {
          if (Math.abs(share - shownAt) < 0.1) return;
          shownAt = share;
          process.send({ kind: "progress", what: share });
        },
      }),
    );
    process.disconnect();
  });
} else {
  process.exitCode = await main();
}

async function main() {
  const request = parse();
  if (request === undefined) return 2;
  const { log, tally } = request;
  if (request.scenario !== undefined) return await play(request);
  if (request.shrinks) return await shrink(request);
  const known = tallyIn(tally).seeds;
  const seeds = request.seeds.filter((seed) => !known.has(seed));
  if (seeds.length === 0) {
    console.log(tallySummary(tallyIn(tally)));
    return 0;
  }
  const commit = tally === undefined ? "" : presentCommit();
  console.log(seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${seeds[0]} to ${seeds.at(-1)}`);
  const progress = new RunProgress(
    { write: (text) => process.stdout.write(text), isTerminal: process.stdout.isTTY === true },
    seeds.length,
  );
  const summary = new RunSummary();
  const shares = new Map();
  const show = () => {
    if (seeds.length === 1 && !process.stdout.isTTY) return;
    const underWay = [...shares.values()].reduce((a, b) => a + b, 0);
    progress.show(summary.seeds + underWay, summary.violations);
  };
  const observerFor = (job) => ({
    onLine: (line) => progress.say(line),
    onProgress: (share) => {
      shares.set(job, share);
      if (log === undefined) show();
    },
    onReport: (report) => {
      shares.delete(job);
      summary.add(report);
      if (tally !== undefined) appendFileSync(tally, tallyLine(report, commit));
      if (seeds.length === 1 || report.violations.length > 0)
        for (const line of reportLines(report)) progress.say(line);
      show();
    },
  });
  const jobs = Math.min(request.jobs, seeds.length);
  if (jobs === 1) await runSeeds(seeds, request, observerOf(observerFor(0)));
  else
    await Promise.all(
      Array.from({ length: jobs }, (_, job) => work(job, jobs, { ...request, seeds }, observerFor(job))),
    );
  progress.clear();
  for (const line of summary.lines()) console.log(line);
  if (tally !== undefined) console.log(tallySummary(tallyIn(tally)));
  return summary.violations > 0 ? 1 : 0;
}

function tallyIn(file) {
  return readTally(file !== undefined && existsSync(file) ? readFileSync(file, "utf8") : "");
}

/** Whose seeds these are; unknown outside of a repository. */
function presentCommit() {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "unknown";
  }
}

async function play({ scenario, rewrites }) {
  const { runScenario, surpriseText } = await import("../dist/sim/scenario/scenario-run.js");
  let result;
  try {
    result = await runScenario(readFileSync(scenario, "utf8"));
  } catch (cause) {
    console.error(`kvorum: ${scenario}: ${cause.message}`);
    return 2;
  }
  if (rewrites) writeFileSync(scenario, result.text);
  for (const surprise of result.surprises) console.log(surpriseText(surprise));
  const count = result.surprises.length;
  console.log(
    count === 0 ? "as expected" : rewrites ? `${count} answers written` : `${count} answers not as expected`,
  );
  return count === 0 || rewrites ? 0 : 1;
}

async function shrink(request) {
  const { shrinkSeed } = await import("../dist/sim/command/shrink-seed.js");
  const seed = request.seeds[0];
  console.error(`seed ${seed}`);
  const text = await shrinkSeed(seed, request, (line) => console.error(line));
  if (text === undefined) {
    console.log("nothing is broken, or not when its faults are played again");
    return 0;
  }
  process.stdout.write(text);
  return 1;
}

function parse() {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(USAGE);
    process.exit(0);
  }
  try {
    return parseSimRequest(args, new Date().toISOString().slice(0, 10));
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    console.error(`kvorum: ${cause.message}\n\n${USAGE}`);
    return undefined;
  }
}

/** Every so many-th seed, in a process of its own. */
function work(job, jobs, request, observer) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), []);
    const seeds = request.seeds.filter((_, i) => i % jobs === job);
    child.on("message", ({ kind, what }) => {
      if (kind === "line") observer.onLine(what);
      else if (kind === "report") observer.onReport(what);
      else observer.onProgress(what);
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`a process with seeds of its own ended with ${signal ?? code}`));
    });
    child.send({ seeds, request });
  });
}
