/** What `npm run sim` is asked for: seeds, and how their runs shall be. Read from arguments, without a look at the world. */
import { parseArgs } from "node:util";
import { FSYNC_POLICIES, STORAGE_KINDS } from "../../node/settings.ts";
import { parseConsistency } from "../../replication/quorum-need.ts";
import type { RunWishes } from "../world/run-plan.ts";

export interface SimRequest {
  readonly seeds: readonly string[];
  /** The configuration follows from the seed, too. */
  readonly isSwarm: boolean;
  /** As asked for; for a swarm only how long a run takes. */
  readonly wishes: Omit<RunWishes, "seed">;
  /** Processes that share the seeds. */
  readonly jobs: number;
  /** Undefined: no event log is printed. */
  readonly log: "events" | "packets" | undefined;
  /** A file that keeps what each seed came to: those that it has are not played again. */
  readonly tally: string | undefined;
  readonly scenario: string | undefined;
  readonly rewrites: boolean;
  /** A run that breaks a promise is made small, and printed as a scenario. */
  readonly shrinks: boolean;
}

/** The arguments cannot be meant. */
export class UsageError extends Error {}

export const USAGE = `npm run sim [-- OPTIONS]          simulated clusters under faults, checked
npm run sim:swarm [-- OPTIONS]    the same, each seed with a configuration of its own

  --seed SEED            a number or a word; the first of several (default: today's date)
  --seeds N              so many, one after another (default 1)
  --minutes N            of faults, in each run (default 1)
  --nodes N              members of the cluster (default 5)
  --datacenters N        they are dealt out to (default 1)
  --copies N             of each key; --read LEVEL, --write LEVEL: as KV.CONSISTENCY takes them
  --strict               writes do not rest on fallbacks
  --storage disk|memory  --fsync always|everysec|no
  --clients N            (default 6)   --think MS between their requests (default 300)
  --fault-every MS       on average (default 3000; 0: no faults)   --no-clock-faults
  --jobs N               processes to share the seeds (default 1)
  --tally FILE           notes in a file what each seed came to, and leaves out those that it has: to go on another time
  --log [events|packets] prints what happens
  --shrink               makes the run of --seed small, if it breaks a promise, and prints it as a scenario
  --scenario FILE        plays a scenario; --rewrite writes what happens into it`;

const OPTIONS = {
  seed: { type: "string" },
  seeds: { type: "string" },
  minutes: { type: "string" },
  nodes: { type: "string" },
  datacenters: { type: "string" },
  copies: { type: "string" },
  read: { type: "string" },
  write: { type: "string" },
  strict: { type: "boolean" },
  storage: { type: "string" },
  fsync: { type: "string" },
  clients: { type: "string" },
  think: { type: "string" },
  "fault-every": { type: "string" },
  "no-clock-faults": { type: "boolean" },
  jobs: { type: "string" },
  tally: { type: "string" },
  log: { type: "string" },
  swarm: { type: "boolean" },
  scenario: { type: "string" },
  rewrite: { type: "boolean" },
  shrink: { type: "boolean" },
} as const;

type Values = { readonly [Name in keyof typeof OPTIONS]?: string | boolean | undefined };

const NODES_MAX = 300;
const COPIES_MAX = 7;
const COUNT_MAX = 1_000_000;
const MINUTE_MS = 60_000;

/** `today` names the seed of the day. Throws UsageError. */
export function parseSimRequest(args: readonly string[], today: string): SimRequest {
  const values = valuesOf(args);
  const seeds = wholeNumber(values, "seeds", 1, COUNT_MAX) ?? 1;
  return {
    seeds: seedsFrom(text(values, "seed") ?? today, seeds),
    isSwarm: values.swarm === true,
    wishes: wishesOf(values),
    jobs: wholeNumber(values, "jobs", 1, 256) ?? 1,
    log: logOf(values),
    tally: text(values, "tally"),
    scenario: text(values, "scenario"),
    rewrites: values.rewrite === true,
    shrinks: values.shrink === true,
  };
}

function wishesOf(values: Values): Omit<RunWishes, "seed"> {
  const storage = oneOf(values, "storage", STORAGE_KINDS);
  const fsync = oneOf(values, "fsync", FSYNC_POLICIES);
  const minutes = positiveNumber(values, "minutes") ?? 1;
  const fixed = values.copies !== undefined || values.strict === true;
  return withoutUndefined({
    faultsMs: minutes * MINUTE_MS,
    nodes: wholeNumber(values, "nodes", 1, NODES_MAX),
    datacenters: wholeNumber(values, "datacenters", 1, 10),
    copies: wholeNumber(values, "copies", 1, COPIES_MAX),
    read: level(values, "read"),
    write: level(values, "write"),
    isSloppy: values.strict === true ? false : undefined,
    founds: fixed ? false : undefined,
    settings: withoutUndefined({ storage, fsync }),
    clients: wholeNumber(values, "clients", 1, 1_000),
    thinkMs: wholeNumber(values, "think", 0, COUNT_MAX),
    faultEveryMs: wholeNumber(values, "fault-every", 0, COUNT_MAX),
    clockFaults: values["no-clock-faults"] === true ? false : undefined,
  });
}

function valuesOf(args: readonly string[]): Values {
  // `--log` may stand alone.
  const whole = args.map((arg, i) => (arg === "--log" && !isWord(args[i + 1]) ? "--log=events" : arg));
  try {
    return parseArgs({ args: whole, options: OPTIONS, strict: true, allowPositionals: false }).values;
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause));
  }
}

function isWord(arg: string | undefined): boolean {
  return arg !== undefined && !arg.startsWith("-");
}

/** Numbers are counted up, words get a number behind them. */
function seedsFrom(first: string, count: number): readonly string[] {
  const number = /^\d{1,15}$/.test(first) ? Number(first) : undefined;
  return Array.from({ length: count }, (_, i) => {
    if (number !== undefined) return `${number + i}`;
    return i === 0 ? first : `${first}.${i}`;
  });
}

function logOf(values: Values): SimRequest["log"] {
  return oneOf(values, "log", ["events", "packets"]);
}

function text(values: Values, name: keyof Values): string | undefined {
  const value = values[name];
  if (value === "") throw new UsageError(`--${name} is empty`);
  return typeof value === "string" ? value : undefined;
}

function wholeNumber(values: Values, name: keyof Values, min: number, max: number): number | undefined {
  const value = text(values, name);
  if (value === undefined) return undefined;
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`--${name} ${value}: a whole number from ${min} to ${max} is needed`);
}

function positiveNumber(values: Values, name: keyof Values): number | undefined {
  const value = text(values, name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (number > 0 && number < COUNT_MAX) return number;
  throw new UsageError(`--${name} ${value}: a number above 0 is needed`);
}

function oneOf<W extends string>(values: Values, name: keyof Values, words: readonly W[]): W | undefined {
  const value = text(values, name);
  if (value === undefined) return undefined;
  const word = words.find((each) => each === value);
  if (word === undefined) throw new UsageError(`--${name} ${value}: it is one of ${words.join(", ")}`);
  return word;
}

function level(values: Values, name: "read" | "write"): RunWishes["read"] {
  const value = text(values, name);
  if (value === undefined) return undefined;
  const parsed = parseConsistency(value);
  if (parsed === undefined)
    throw new UsageError(`--${name} ${value}: it is one, quorum, all, or a number of machines`);
  return parsed;
}

/** Fields that were not asked for are left out, so that defaults hold. */
function withoutUndefined<T extends object>(fields: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
