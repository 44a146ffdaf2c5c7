/** What `kvorum bench` was asked for, from the words of the command line. */
import { parseAddresses } from "../../node/cluster/address.ts";
import { parseDuration, parseSize } from "../../node/quantity.ts";
import type { Host } from "../../runtime/runtime.ts";
import type { AskedNode } from "../node-question.ts";
import { SettingsError } from "../settings-loader.ts";
import { nearest } from "../suggestion.ts";
import type { LoadPlan } from "./load.ts";
import { KEY_BYTES_MIN } from "./request-batch.ts";
import { DISTRIBUTIONS, type Distribution, WORKLOADS, type Workload, workloadNamed } from "./workload.ts";

/** By option, as the user wrote them. */
export interface BenchWords {
  readonly nodes?: string;
  readonly workload?: string;
  readonly clients?: string;
  readonly pipeline?: string;
  readonly threads?: string;
  readonly requests?: string;
  readonly duration?: string;
  readonly rate?: string;
  readonly keys?: string;
  readonly distribution?: string;
  readonly keyBytes?: string;
  readonly valueBytes?: string;
  readonly warmUp?: string;
  readonly seed?: string;
  /** False: the records are there already. */
  readonly load?: boolean;
  readonly json?: boolean;
}

export interface BenchPlan {
  readonly workloads: readonly Workload[];
  readonly load: LoadPlan;
  /** Records that the load is spread over. */
  readonly keys: number;
  readonly seed: number;
  /** False if records are not to be written before a workload that wants them. */
  readonly loadsFirst: boolean;
  readonly json: boolean;
  /** Of the load generator itself. */
  readonly threadCount: number;
}

export const BENCH_DEFAULTS = {
  workload: "set,get",
  clients: "50",
  pipeline: "1",
  requests: "100000",
  keys: "100000",
  keyBytes: "16",
  valueBytes: "100",
  warmUp: "1s",
  seed: "1",
} as const;

const CLIENTS_MAX = 10_000;
const PIPELINE_MAX = 10_000;
const THREADS_MAX = 256;
const COUNT_MAX = 1_000_000_000;
const VALUE_BYTES_MAX = 512 * 1024 * 1024;

/** Throws SettingsError with everything that is wrong. `node`: asked where no others are named. */
export function benchPlan(
  words: BenchWords,
  node: AskedNode,
  { processorCount }: Pick<Host, "processorCount">,
): BenchPlan {
  const problems: string[] = [];
  const number = (flag: string, text: string, bounds: Bounds): number => {
    const value = (bounds.parse ?? wholeNumber)(text);
    if (value !== undefined && value >= bounds.min && value <= bounds.max) return value;
    problems.push(`--${flag} must be ${bounds.what}, but is "${text}"`);
    return bounds.min;
  };
  const count = (min: number, max: number): Bounds => ({
    ...{ min, max },
    what: `a whole number from ${min} to ${max}`,
  });
  const given = { ...BENCH_DEFAULTS, ...words };
  const isTimed = words.duration !== undefined;
  const load: LoadPlan = {
    nodes: nodesOf(words.nodes, node, problems),
    password: node.password,
    clients: number("clients", given.clients, count(1, CLIENTS_MAX)),
    pipeline: number("pipeline", given.pipeline, count(1, PIPELINE_MAX)),
    rate: words.rate === undefined ? undefined : number("rate", words.rate, count(1, 10_000_000)),
    requests:
      isTimed && words.requests === undefined
        ? undefined
        : number("requests", given.requests, count(1, COUNT_MAX)),
    durationMs: words.duration === undefined ? undefined : number("duration", words.duration, DURATION),
    warmUpMs: number("warm-up", given.warmUp, { ...DURATION, min: 0 }),
    sizes: {
      keyBytes: number("key-bytes", given.keyBytes, count(KEY_BYTES_MIN, 65_536)),
      valueBytes: number("value-bytes", given.valueBytes, {
        ...{ min: 1, max: VALUE_BYTES_MAX, parse: parseSize },
        what: "a size from 1 to 512mb, such as 100 or 4kb",
      }),
    },
  };
  if (words.rate !== undefined && words.pipeline !== undefined) {
    problems.push("--pipeline is of a closed loop; with --rate, what is due is sent at once");
  }
  const distribution = distributionOf(words.distribution, problems);
  const workloads = workloadsOf(given.workload, problems).map((workload) =>
    distribution === undefined ? workload : { ...workload, distribution },
  );
  const keys = number("keys", given.keys, count(1, COUNT_MAX));
  const threadCount =
    words.threads === undefined
      ? threadsFor(load.nodes.length, processorCount)
      : number("threads", words.threads, count(1, THREADS_MAX));
  const seed = number("seed", given.seed, count(0, COUNT_MAX));
  if (problems.length > 0) throw new SettingsError(problems);
  const flags = { loadsFirst: words.load !== false, json: words.json === true };
  return { workloads, load, keys, seed, threadCount: Math.min(threadCount, load.clients), ...flags };
}

/** A thread asks about as much as one server answers. Half of the processors are left to the servers: they may be here. */
function threadsFor(nodeCount: number, processorCount: number): number {
  return Math.max(1, Math.min(nodeCount, Math.floor(processorCount / 2)));
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly what: string;
  readonly parse?: (text: string) => number | undefined;
}

const DURATION: Bounds = {
  ...{ min: 1, max: 30 * 86_400_000, what: "a duration, such as 500ms, 30s or 5m" },
  parse: (text) => {
    const micros = parseDuration(text);
    return micros === undefined ? undefined : micros / 1_000;
  },
};

/** Also with the grouping that people like: 1_000_000. */
function wholeNumber(text: string): number | undefined {
  return /^\d[\d_]*$/.test(text) ? Number(text.replaceAll("_", "")) : undefined;
}

function nodesOf(text: string | undefined, { host, port }: AskedNode, problems: string[]): LoadPlan["nodes"] {
  if (text === undefined) return [{ host, port }];
  const nodes = parseAddresses(text);
  if (nodes !== undefined && nodes.length > 0) return nodes;
  problems.push(
    `--nodes must be addresses with commas, such as 127.0.0.1:7001,127.0.0.1:7002, but is "${text}"`,
  );
  return [];
}

function workloadsOf(text: string, problems: string[]): readonly Workload[] {
  return text.split(",").flatMap((part) => {
    const name = part.trim();
    const workload = workloadNamed(name);
    if (workload !== undefined) return [workload];
    problems.push(
      `--workload: ${unknownName(
        name,
        WORKLOADS.map((one) => one.name),
      )}`,
    );
    return [];
  });
}

function distributionOf(name: string | undefined, problems: string[]): Distribution | undefined {
  if (name === undefined) return undefined;
  const found = DISTRIBUTIONS.find((one) => one === name);
  if (found === undefined) problems.push(`--distribution: ${unknownName(name, DISTRIBUTIONS)}`);
  return found;
}

function unknownName(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return `there is no "${name}"; ${near === undefined ? `there are ${names.join(", ")}` : `did you mean ${near}?`}`;
}
