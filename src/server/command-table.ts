/**
 * All commands by name. Hot: `find` looks a name up in place, whatever its case, without allocating.
 */
import { LatencyHistogram } from "../base/latency-histogram.ts";
import type { Keyspaces } from "../membership/keyspaces.ts";
import type { Command, ContainerCommand, FastPath, RunnableCommand } from "./command-shape.ts";

/** Of commands with fast paths: they say when, or add what the keyspace says, or begin nothing. */
const KNOWS_EXPIRY = new Set(["set", "setex", "psetex", "incr", "decr", "incrby", "decrby"]);

/** A command in use: with its counters, as INFO commandstats shows them. */
export class CommandEntry<S = never> {
  readonly command: RunnableCommand<S>;
  readonly fastPath: FastPath<S> | undefined;
  /** True if it works on keys that stand where `keys` says, and may be part of a transaction. */
  readonly isPlain: boolean;
  /** True if it may give a key a value, and says nothing of an expiry. */
  readonly #begins: boolean;
  /** In a cluster, in place of the other. It answers by a promise: its reply may have to wait for others. */
  readonly clusterPath: FastPath<S> | undefined;
  calls = 0;
  /** How long they took; not each is timed, but those that are stand for the others. */
  readonly latency = new LatencyHistogram();
  /** Calls that the fast path took in the present go, not yet in `calls`. */
  fastCalls = 0;
  /** Refused before they ran (arity, authentication, memory), and run but answered with an error. */
  rejectedCalls = 0;
  failedCalls = 0;

  constructor(command: RunnableCommand<S>, fastPath?: FastPath<S>, clusterPath?: FastPath<S>) {
    this.command = command;
    this.fastPath = fastPath;
    const { kind, keyRefs, flags } = command;
    this.isPlain = kind !== "session" && keyRefs === undefined && !flags.includes("no_multi");
    this.clusterPath = clusterPath;
    this.#begins = flags.includes("denyoom") && !KNOWS_EXPIRY.has(command.name);
  }

  /** Hot: true if the fast path must not run it, since what it writes may expire and it does not know of that. */
  mayExpire(server: { readonly keyspaces: Keyspaces }): boolean {
    return this.#begins && server.keyspaces.hasExpiry;
  }

  resetStatistics(): void {
    this.calls = 0;
    this.latency.reset();
    this.rejectedCalls = 0;
    this.failedCalls = 0;
  }
}

/** What a name stands for: a command, or a container whose next argument names the command. */
export type TableItem<S = never> =
  | { readonly kind: "command"; readonly name: Uint8Array; readonly entry: CommandEntry<S> }
  | {
      readonly kind: "container";
      readonly name: Uint8Array;
      readonly container: ContainerCommand<S>;
      /** For the container without a subcommand, if it may stand alone. */
      readonly alone: CommandEntry<S> | undefined;
      /** By lower-case name without the container's. */
      readonly entries: ReadonlyMap<string, CommandEntry<S>>;
    };

/** A request that is to be run, now or later. */
export interface Call<S = never> {
  readonly entry: CommandEntry<S>;
  /** May lie in the request's buffer, which is another's after this turn: what waits must `keepArguments`. */
  args: readonly Uint8Array[];
}

/** Up to here a copy of each argument costs less than a copy of all and a view of each. */
const OWN_COPIES_MAX = 16;

/** Takes the arguments out of their buffer. */
export function keepArguments(call: { args: readonly Uint8Array[] }): void {
  call.args = ownArguments(call.args);
}

/** Copies of the arguments of one request. Of many there is one copy for all: or a million would cost a second. */
export function ownArguments(args: readonly Uint8Array[]): Uint8Array[] {
  if (args.length <= OWN_COPIES_MAX) return args.map((arg) => arg.slice());
  const [first, last] = [args[0]!, args.at(-1)!];
  const from = first.byteOffset;
  const copy = new ArrayBuffer(last.byteOffset + last.length - from);
  new Uint8Array(copy).set(new Uint8Array(first.buffer, from, copy.byteLength));
  return args.map(({ byteOffset, length }) => new Uint8Array(copy, byteOffset - from, length));
}

/** By the name of the command. */
export type FastPaths<S> = Readonly<Record<string, FastPath<S>>>;

export class CommandTable<S = never> {
  readonly #items: readonly TableItem<S>[];
  readonly #buckets: readonly (readonly TableItem<S>[])[];
  #latest: TableItem<S> | undefined;

  constructor(commands: readonly Command<S>[], fastPaths: FastPaths<S>, clusterPaths: FastPaths<S> = {}) {
    this.#items = commands.map((command) => toItem(command, fastPaths, clusterPaths));
    const buckets: TableItem<S>[][] = Array.from({ length: BUCKET_COUNT }, () => []);
    for (const item of this.#items) buckets[hashName(item.name, 0, item.name.length)]!.push(item);
    this.#buckets = buckets;
  }

  /** In the order they were given. */
  get items(): readonly TableItem<S>[] {
    return this.#items;
  }

  /** Every runnable command, subcommands included. */
  entries(): CommandEntry<S>[] {
    return this.#items.flatMap((item) => {
      if (item.kind === "command") return [item.entry];
      return item.alone === undefined ? [...item.entries.values()] : [item.alone, ...item.entries.values()];
    });
  }

  find(bytes: Uint8Array, start: number, end: number): TableItem<S> | undefined {
    // Clients tend to say the same again.
    if (this.#latest !== undefined && isNamed(this.#latest, bytes, start, end)) return this.#latest;
    const bucket = this.#buckets[hashName(bytes, start, end)]!;
    for (let i = 0; i < bucket.length; i++) {
      if (!isNamed(bucket[i]!, bytes, start, end)) continue;
      this.#latest = bucket[i];
      return bucket[i];
    }
    return undefined;
  }
}

const BUCKET_COUNT = 1024;
/** Makes ASCII letters lower case; what it does to other bytes does not matter for a hash. */
const CASE_BIT = 0x20;

function hashName(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length === 0) return 0;
  const first = bytes[start]! | CASE_BIT;
  const middle = bytes[start + (length >> 1)]! | CASE_BIT;
  const last = bytes[end - 1]! | CASE_BIT;
  return (first * 31 + middle * 7 + last * 131 + length * 61) & (BUCKET_COUNT - 1);
}

function isNamed(
  item: { readonly name: Uint8Array },
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const name = item.name;
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[start + i]!;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | CASE_BIT : byte;
    if (lower !== name[i]) return false;
  }
  return true;
}

function toItem<S>(command: Command<S>, fastPaths: FastPaths<S>, clusterPaths: FastPaths<S>): TableItem<S> {
  const name = Buffer.from(command.name, "latin1");
  if (command.kind !== "container") {
    const entry = new CommandEntry(command, fastPaths[command.name], clusterPaths[command.name]);
    return { kind: "command", name, entry };
  }
  const entries = new Map(
    command.subcommands.map((subcommand) => [
      subcommand.name.slice(command.name.length + 1),
      new CommandEntry(subcommand),
    ]),
  );
  const alone = command.alone === undefined ? undefined : new CommandEntry(command.alone);
  return { kind: "container", name, container: command, alone, entries };
}
