/**
 * What clients may ask of a command beyond its description: ACL categories, what it does with its keys, and
 * hints for clients that spread requests over nodes. Words and values are Redis 7.0's; a test compares them
 * with a real server's.
 */
import type { CommandDescription, CommandFlag, KeyPositions } from "./command-shape.ts";

/** What a command does with keys that stand together among its arguments. */
export interface KeySpec {
  readonly flags: readonly string[];
  /** Argument of the first key. */
  readonly begin: number;
  /** Of the last key: how far after the first, or, if negative, where from the end. */
  readonly lastKey: number;
  readonly step: number;
}

interface Traits {
  /** What it does with its first key, and with the others if that is something else. */
  readonly keyUse?: readonly string[];
  readonly tips?: readonly string[];
  /** In place of the category that goes with the command's group. */
  readonly categories?: readonly string[];
}

/** In the order in which COMMAND shows them. */
const FLAG_ORDER: readonly CommandFlag[] = [
  "write",
  "readonly",
  "denyoom",
  "admin",
  "noscript",
  "blocking",
  "loading",
  "stale",
  "skip_monitor",
  "skip_slowlog",
  "fast",
  "no_auth",
  "no_async_loading",
  "no_multi",
  "movablekeys",
  "allow_busy",
];

/** In the order in which COMMAND and ACL CAT show them. */
export const CATEGORIES = [
  "keyspace",
  "read",
  "write",
  "set",
  "sortedset",
  "list",
  "hash",
  "string",
  "bitmap",
  "hyperloglog",
  "geo",
  "stream",
  "pubsub",
  "admin",
  "fast",
  "slow",
  "blocking",
  "dangerous",
  "connection",
  "transaction",
  "scripting",
] as const;

const GROUP_CATEGORIES: Readonly<Record<CommandDescription["group"], readonly string[]>> = {
  string: ["string"],
  bitmap: ["bitmap"],
  generic: ["keyspace"],
  connection: ["connection"],
  server: [],
  cluster: [],
  transactions: ["transaction"],
  scripting: ["scripting"],
  kvorum: ["keyspace"],
};

const UNSTEADY = "nondeterministic_output";
const UNORDERED = "nondeterministic_output_order";
const ALL_NODES = "request_policy:all_nodes";
const ALL_SHARDS = "request_policy:all_shards";
const MULTI_SHARD = "request_policy:multi_shard";
const ALL_SUCCEEDED = "response_policy:all_succeeded";
const SUM = "response_policy:agg_sum";
const LEAST = "response_policy:agg_min";
const SPECIAL = "response_policy:special";

const READ = "RO access";
const LOOK = "RO";
const CHANGE = "RW access update";
const EXPIRE = "RW update";
const OVERWRITE = "OW update";
const CREATE = "OW insert";

const TRAITS: Readonly<Record<string, Traits>> = {
  append: { keyUse: ["RW insert"] },
  asking: { categories: ["connection"] },
  bitfield: { keyUse: ["RW access update variable_flags"] },
  bitop: { keyUse: [OVERWRITE, READ] },
  "client|list": { tips: [UNSTEADY] },
  "client|info": { tips: [UNSTEADY] },
  "cluster|count-failure-reports": { tips: [UNSTEADY] },
  "cluster|info": { tips: [UNSTEADY] },
  "cluster|links": { tips: [UNSTEADY] },
  "cluster|nodes": { tips: [UNSTEADY] },
  "cluster|shards": { tips: [UNSTEADY] },
  "cluster|slots": { tips: [UNSTEADY] },
  "cluster|getkeysinslot": { tips: [UNSTEADY] },
  command: { tips: [UNORDERED], categories: ["connection"] },
  "command|count": { categories: ["connection"] },
  "command|docs": { tips: [UNORDERED], categories: ["connection"] },
  "command|getkeys": { categories: ["connection"] },
  "command|getkeysandflags": { categories: ["connection"] },
  "command|help": { categories: ["connection"] },
  "command|info": { tips: [UNORDERED], categories: ["connection"] },
  "command|list": { tips: [UNORDERED], categories: ["connection"] },
  "config|set": { tips: [ALL_NODES, ALL_SUCCEEDED] },
  copy: { keyUse: [READ, OVERWRITE] },
  dbsize: { tips: [ALL_SHARDS, SUM], categories: ["keyspace"] },
  del: { keyUse: ["RM delete"], tips: [MULTI_SHARD, SUM] },
  exists: { keyUse: [LOOK], tips: [MULTI_SHARD, SUM] },
  expire: { keyUse: [EXPIRE] },
  expireat: { keyUse: [EXPIRE] },
  flushall: { tips: [ALL_SHARDS, ALL_SUCCEEDED], categories: ["keyspace", "dangerous"] },
  flushdb: { tips: [ALL_SHARDS, ALL_SUCCEEDED], categories: ["keyspace", "dangerous"] },
  "function|delete": { tips: [ALL_SHARDS, ALL_SUCCEEDED] },
  "function|flush": { tips: [ALL_SHARDS, ALL_SUCCEEDED] },
  "function|list": { tips: [UNORDERED] },
  getdel: { keyUse: ["RW access delete"] },
  info: { tips: [UNSTEADY, ALL_SHARDS, SPECIAL], categories: ["dangerous"] },
  keys: { tips: [ALL_SHARDS, UNORDERED], categories: ["keyspace", "dangerous"] },
  lastsave: { tips: [UNSTEADY], categories: ["admin", "dangerous"] },
  "latency|doctor": { tips: [UNSTEADY, ALL_NODES, SPECIAL] },
  "latency|graph": { tips: [UNSTEADY, ALL_NODES, SPECIAL] },
  "latency|histogram": { tips: [UNSTEADY, ALL_NODES, SPECIAL] },
  "latency|history": { tips: [UNSTEADY, ALL_NODES, SPECIAL] },
  "latency|latest": { tips: [UNSTEADY, ALL_NODES, SPECIAL] },
  "latency|reset": { tips: [ALL_NODES, ALL_SUCCEEDED] },
  "memory|doctor": { tips: [UNSTEADY, ALL_SHARDS, SPECIAL] },
  "memory|malloc-stats": { tips: [UNSTEADY, ALL_SHARDS, SPECIAL] },
  "memory|purge": { tips: [ALL_SHARDS, ALL_SUCCEEDED] },
  "memory|stats": { tips: [UNSTEADY, ALL_SHARDS, SPECIAL] },
  "memory|usage": { keyUse: [LOOK] },
  mget: { tips: [MULTI_SHARD] },
  "module|list": { tips: [UNORDERED] },
  mset: { keyUse: [OVERWRITE], tips: [MULTI_SHARD, ALL_SUCCEEDED] },
  msetnx: { keyUse: [CREATE], tips: [MULTI_SHARD, LEAST] },
  "object|encoding": { keyUse: [LOOK], tips: [UNSTEADY] },
  "object|freq": { keyUse: [LOOK], tips: [UNSTEADY] },
  "object|idletime": { keyUse: [LOOK], tips: [UNSTEADY] },
  "object|refcount": { keyUse: [LOOK], tips: [UNSTEADY] },
  persist: { keyUse: [EXPIRE] },
  pexpire: { keyUse: [EXPIRE] },
  pexpireat: { keyUse: [EXPIRE] },
  ping: { tips: [ALL_SHARDS, ALL_SUCCEEDED] },
  psetex: { keyUse: [OVERWRITE] },
  pttl: { tips: [UNSTEADY] },
  randomkey: { tips: [ALL_SHARDS, UNSTEADY] },
  readonly: { categories: ["connection"] },
  readwrite: { categories: ["connection"] },
  rename: { keyUse: ["RW access delete", OVERWRITE] },
  renamenx: { keyUse: ["RW access delete", CREATE] },
  role: { categories: ["admin", "dangerous"] },
  scan: { tips: [UNSTEADY, "request_policy:special"] },
  "script|exists": { tips: [ALL_SHARDS, "response_policy:agg_logical_and"] },
  "script|flush": { tips: [ALL_NODES, ALL_SUCCEEDED] },
  set: { keyUse: ["RW access update variable_flags"] },
  setex: { keyUse: [OVERWRITE] },
  setnx: { keyUse: [CREATE] },
  setrange: { keyUse: [EXPIRE] },
  "slowlog|get": { tips: [ALL_NODES, UNSTEADY] },
  "slowlog|len": { tips: [ALL_NODES, SUM, UNSTEADY] },
  "slowlog|reset": { tips: [ALL_NODES, ALL_SUCCEEDED] },
  strlen: { keyUse: [LOOK] },
  swapdb: { categories: ["keyspace", "dangerous"] },
  time: { tips: [UNSTEADY] },
  touch: { keyUse: [LOOK], tips: [MULTI_SHARD, SUM] },
  ttl: { tips: [UNSTEADY] },
  type: { keyUse: [LOOK] },
  unlink: { keyUse: ["RM delete"], tips: [MULTI_SHARD, SUM] },
  wait: { tips: [ALL_SHARDS, LEAST], categories: ["connection"] },
  watch: { keyUse: [LOOK] },
};

function traitsOf({ name }: CommandDescription): Traits {
  return Object.hasOwn(TRAITS, name) ? TRAITS[name]! : {};
}

export function flagsOf({ flags }: CommandDescription): readonly string[] {
  return FLAG_ORDER.filter((flag) => flags.includes(flag));
}

/** Without the "@" that goes before them. */
export function categoriesOf(command: CommandDescription, isContainer: boolean): readonly string[] {
  const { flags } = command;
  const given = traitsOf(command).categories ?? (isContainer ? [] : GROUP_CATEGORIES[command.group]);
  const has = new Set<string>(given);
  if (flags.includes("write")) has.add("write");
  if (flags.includes("readonly")) has.add("read");
  if (flags.includes("blocking")) has.add("blocking");
  if (flags.includes("admin")) has.add("admin").add("dangerous");
  has.add(flags.includes("fast") ? "fast" : "slow");
  return CATEGORIES.filter((category) => has.has(category));
}

export function tipsOf(command: CommandDescription): readonly string[] {
  return traitsOf(command).tips ?? [];
}

export function keySpecsOf(command: CommandDescription): readonly KeySpec[] {
  const { keys, flags } = command;
  if (keys === undefined) return [];
  const [first, others] = traitsOf(command).keyUse ?? [flags.includes("write") ? CHANGE : READ];
  if (others === undefined) return [keySpec(first!, keys.first, keys)];
  return [
    { flags: first!.split(" "), begin: keys.first, lastKey: 0, step: 1 },
    keySpec(others, keys.first + 1, keys),
  ];
}

function keySpec(use: string, begin: number, { last, step }: KeyPositions): KeySpec {
  return { flags: use.split(" "), begin, lastKey: last < 0 ? last : last - begin, step };
}
