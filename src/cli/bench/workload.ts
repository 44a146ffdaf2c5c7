/**
 * What a load consists of. A to F are YCSB's core workloads (Cooper et al. 2010, "Benchmarking Cloud Serving Systems with
 * YCSB", table 2), on a store whose values are whole: an update is a SET. The store has no order of keys, so that
 * a scan (E) is an MGET of up to 100 records with consecutive numbers.
 */

/** By what an operation is named in reports. */
export const OPERATIONS = [
  "read",
  "update",
  "insert",
  "scan",
  "read-modify-write",
  "increment",
  "ping",
] as const;

export type Operation = (typeof OPERATIONS)[number];

/** How a key is chosen among those that are there. */
export type Distribution = "uniform" | "zipfian" | "latest";

export const DISTRIBUTIONS: readonly Distribution[] = ["uniform", "zipfian", "latest"];

export interface Workload {
  readonly name: string;
  readonly summary: string;
  /** Each operation's share of all; together 1. */
  readonly shares: readonly (readonly [Operation, number])[];
  readonly distribution: Distribution;
  /** True if the records must be there before. */
  readonly loadsFirst: boolean;
}

export const SCAN_RECORDS_MAX = 100;

export const WORKLOADS: readonly Workload[] = [
  alone("set", "update", "SET of keys by chance"),
  alone("get", "read", "GET of keys by chance"),
  alone("incr", "increment", "INCR of keys by chance"),
  alone("ping", "ping", "PING: the way there and back alone"),
  ycsb("a", "half reads, half updates: a session store", [
    ["read", 0.5],
    ["update", 0.5],
  ]),
  ycsb("b", "95% reads, 5% updates: tags of photos", [
    ["read", 0.95],
    ["update", 0.05],
  ]),
  ycsb("c", "reads alone: a cache of profiles", [["read", 1]]),
  {
    ...ycsb("d", "95% reads, 5% inserts, the newest read most: news", [
      ["read", 0.95],
      ["insert", 0.05],
    ]),
    distribution: "latest",
  },
  ycsb("e", "95% short scans, 5% inserts: threads of messages", [
    ["scan", 0.95],
    ["insert", 0.05],
  ]),
  ycsb("f", "half reads, half reads with a write of what was read: user records", [
    ["read", 0.5],
    ["read-modify-write", 0.5],
  ]),
];

export function workloadNamed(name: string): Workload | undefined {
  return WORKLOADS.find((workload) => workload.name === name.toLowerCase());
}

function alone(name: string, operation: Operation, summary: string): Workload {
  return { name, summary, shares: [[operation, 1]], distribution: "uniform", loadsFirst: false };
}

function ycsb(name: string, summary: string, shares: Workload["shares"]): Workload {
  return {
    name,
    summary: `YCSB ${name.toUpperCase()}: ${summary}`,
    shares,
    distribution: "zipfian",
    loadsFirst: true,
  };
}
