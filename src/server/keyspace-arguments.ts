/**
 * The settings of a keyspace as people write them: `COPIES dc1=3,dc2=2 READ one WRITE quorum TTL 30m STORAGE memory
 * MAXMEMORY 256mb EVICT allkeys-lru`.
 * Throws CommandError, which says what would be right.
 */
import { toText } from "../base/bytes.ts";
import { EVICTION_POLICIES } from "../base/eviction-policy.ts";
import type { KeyspaceWish } from "../membership/keyspace-wish.ts";
import { CONFLICT_RULES, COPIES_MAX, MODES, STORAGES, TTL_MS_MAX } from "../membership/topology.ts";
import { parseDuration, parseSize } from "../node/quantity.ts";
import { parseConsistency } from "../replication/quorum-need.ts";
import { CommandError } from "./command-shape.ts";

const MICROS_PER_MS = 1000;

type Parse = (text: string) => KeyspaceWish;

const PARSERS: Readonly<Record<string, Parse>> = {
  COPIES: (text) => ({ copies: copiesOf(text) }),
  READ: (text) => ({ read: levelOf("READ", text) }),
  WRITE: (text) => ({ write: levelOf("WRITE", text) }),
  TTL: (text) => ({ ttlMs: ttlOf(text) }),
  CONFLICT: (text) => ({ conflictRule: wordOf("CONFLICT", text, CONFLICT_RULES) }),
  STORAGE: (text) => ({ storage: wordOf("STORAGE", text, STORAGES) }),
  MODE: (text) => ({ mode: wordOf("MODE", text, MODES) }),
  MAXMEMORY: (text) => ({ maxmemoryBytes: sizeOf(text) }),
  EVICT: (text) => ({ evictionPolicy: wordOf("EVICT", text, EVICTION_POLICIES) }),
};

export function parseKeyspaceWish(args: readonly Uint8Array[], start: number): KeyspaceWish {
  let wish: KeyspaceWish = {};
  for (let i = start; i < args.length; i += 2) {
    const name = toText(args[i]!).toUpperCase();
    const parse = Object.hasOwn(PARSERS, name) ? PARSERS[name] : undefined;
    if (parse === undefined) {
      refuse(
        `a keyspace has no setting ${JSON.stringify(name)}: there are ${Object.keys(PARSERS).join(", ")}`,
      );
    }
    const value = args[i + 1];
    if (value === undefined) refuse(`${name} says nothing`);
    wish = { ...wish, ...parse(toText(value)) };
  }
  return wish;
}

function copiesOf(text: string): number | ReadonlyMap<string, number> {
  if (/^\d{1,3}$/.test(text)) return countOf(text, text);
  const copies = new Map<string, number>();
  for (const part of text.split(",")) {
    const [, datacenter, count] = /^([^=,]+)=(\d{1,3})$/.exec(part) ?? [];
    if (datacenter === undefined || count === undefined || copies.has(datacenter)) {
      refuse(`COPIES ${text}: say how many in each datacenter, such as 3, or dc1=3,dc2=2`);
    }
    copies.set(datacenter, countOf(count, text));
  }
  return copies;
}

function countOf(digits: string, text: string): number {
  const count = Number(digits);
  if (count < 1 || count > COPIES_MAX) {
    refuse(`COPIES ${text}: a datacenter keeps 1 to ${COPIES_MAX} copies; leave it out for none`);
  }
  return count;
}

function levelOf(name: string, text: string) {
  return (
    parseConsistency(text) ??
    refuse(`${name} ${text}: one, quorum, all, local_quorum, each_quorum, or a number of machines`)
  );
}

function ttlOf(text: string): number {
  const micros = parseDuration(text);
  const ms = micros === undefined ? Number.NaN : micros / MICROS_PER_MS;
  if (Number.isSafeInteger(ms) && ms <= TTL_MS_MAX) return ms;
  return refuse(`TTL ${text}: a time such as 500ms, 30s, 30m, 12h or 7d, or 0 for none`);
}

function sizeOf(text: string): number {
  const bytes = parseSize(text);
  if (bytes !== undefined && Number.isSafeInteger(bytes)) return bytes;
  return refuse(`MAXMEMORY ${text}: a size such as 256mb or 4gb, or 0 for no limit`);
}

function wordOf<W extends string>(name: string, text: string, words: readonly W[]): W {
  return (
    words.find((word) => word === text.toLowerCase()) ??
    refuse(`${name} ${text}: it is ${words.join(" or ")}`)
  );
}

function refuse(text: string): never {
  throw new CommandError(`ERR ${text}`);
}
