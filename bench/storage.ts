/**
 * The disk engine, and the embedded store on it (openStore), beside LevelDB (classic-level) and LMDB (lmdb), each in a
 * process of its own, in turn: keys of 16 bytes, values of 100 that pack to half, no sync per write, equal write buffers
 * and caches; every row is read back and compared. In brackets, the figure of the first named divided by this one's.
 *
 * Options: --quick (1 M rows), --rows N, --only NAME,NAME, --picture FILE (draws how the load went). Linux only.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { growthPicture } from "./storage/growth-picture.ts";
import {
  LARGE_LINES,
  type LargeFigures,
  MEMORY_LINES,
  type MemoryFigures,
  medians,
  RESTART_LINES,
  type RestartFigures,
  tableOf,
} from "./storage/report.ts";

const CONTENDERS = ["kvorum", "openStore", "classic-level", "lmdb"];
const ROUNDS_FILE = fileURLToPath(new URL("storage/rounds.js", import.meta.url));
const MEMORY_ROUNDS = 5;
const MEMORY_ROWS = 300_000;
const RESTART_ROWS = 1_000_000;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    rows: { type: "string" },
    only: { type: "string" },
    picture: { type: "string" },
  },
});
const names = values.only?.split(",") ?? CONTENDERS;
const rows = Number(values.rows ?? (values.quick ? 1_000_000 : 5_000_000));
const stepRows = 100_000;
const calls = rows / 5;

function run<T>(name: string, ...args: (string | number)[]): T {
  const argv = ["--expose-gc", ROUNDS_FILE, name, ...args.map(String)];
  const { stdout, status } = spawnSync(process.execPath, argv, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`${name} failed in the round ${args[0]}`);
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as T;
}

function each<T>(measure: (name: string) => T): Map<string, T> {
  return new Map(names.map((name) => [name, measure(name)]));
}

const memoryRounds = Array.from({ length: values.quick ? 3 : MEMORY_ROUNDS }, () =>
  each((name) => run<MemoryFigures>(name, "memory", MEMORY_ROWS)),
);
const memory = each((name) => medians(memoryRounds.map((round) => round.get(name)!)));
console.log(`${tableOf(`${MEMORY_ROWS} rows in memory`, MEMORY_LINES, memory)}\n`);

const large = each((name) => run<LargeFigures>(name, "large", rows, stepRows, calls));
console.log(`${tableOf(`${rows} rows on disk`, LARGE_LINES, large)}\n`);
for (const [name, { remarks }] of large) if (remarks !== "") console.log(`${name}: ${remarks}`);

const restarts = each((name) => run<RestartFigures>(name, "restart", RESTART_ROWS));
console.log(`\n${tableOf(`${RESTART_ROWS} rows not in tables`, RESTART_LINES, restarts)}`);

if (values.picture !== undefined) {
  const lines = [...large].map(([name, { growth }]) => ({ name, perSecond: growth }));
  const note = "Keys of 16 bytes, values of 100, 64 puts under way, write buffers of 32 MiB, nothing synced";
  writeFileSync(values.picture, growthPicture(lines, stepRows, note));
}
