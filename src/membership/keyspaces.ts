/**
 * Which keyspace a key belongs to: the one named by the key's bytes up to its first ":", if one of that name is declared, else
 * the default one.
 *
 *   keyspaces "default", "sessions"      sessions:42 -> sessions      sessions -> default
 *                                        cart:42     -> default       {sessions:42}:a -> default: "{sessions" is none
 *
 * Invariant: it depends on the key and the declared names alone: all who go by one topology agree.
 * Hot: looking a key up allocates nothing; and nothing is looked up while there is the default keyspace only.
 */
import { utf8 } from "../base/bytes.ts";
import { DEFAULT_KEYSPACE, defaultKeyspaceOf, type Keyspace, type Topology } from "./topology.ts";

const COLON = 0x3a;

interface NamedKeyspace {
  readonly name: Uint8Array;
  readonly keyspace: Keyspace;
}

export class Keyspaces {
  /** Sorted by name. */
  readonly all: readonly Keyspace[];
  readonly default: Keyspace;
  /** True if some keys expire though nobody says so of them. */
  readonly hasExpiry: boolean;
  /** By the length of the name; none of the default one, which no key names. */
  readonly #named: readonly (readonly NamedKeyspace[] | undefined)[];

  /** Requires: sorted by name, one of them "default". */
  constructor(all: readonly Keyspace[]) {
    this.all = all;
    this.default = defaultKeyspaceOf({ keyspaces: all });
    this.hasExpiry = all.some(({ ttlMs }) => ttlMs > 0);
    const named: NamedKeyspace[][] = [];
    for (const keyspace of all) {
      if (keyspace.name === DEFAULT_KEYSPACE) continue;
      const name = utf8(keyspace.name);
      named[name.length] ??= [];
      named[name.length]!.push({ name, keyspace });
    }
    this.#named = Array.from(named);
  }

  /** True if every key is of the default one. */
  get isSingle(): boolean {
    return this.#named.length === 0;
  }

  named(name: string): Keyspace | undefined {
    return this.all.find((keyspace) => keyspace.name === name);
  }

  /** The keyspace of the key `bytes[start, end)`. */
  of(bytes: Uint8Array, start = 0, end = bytes.length): Keyspace {
    const named = this.#named;
    const last = Math.min(end, start + named.length);
    for (let i = start; i < last; i++) {
      if (bytes[i] !== COLON) continue;
      const candidates = named[i - start];
      if (candidates === undefined) return this.default;
      for (let c = 0; c < candidates.length; c++) {
        if (startsWith(bytes, start, candidates[c]!.name)) return candidates[c]!.keyspace;
      }
      return this.default;
    }
    return this.default;
  }

  /** When a key of that name expires if nobody says when; `never` if it does not. */
  expiryOf(key: Uint8Array, wallMs: number, never: number, start = 0, end = key.length): number {
    if (!this.hasExpiry) return never;
    const { ttlMs } = this.of(key, start, end);
    return ttlMs === 0 ? never : wallMs + ttlMs;
  }
}

const KNOWN = new WeakMap<Topology, Keyspaces>();

/** Those of a topology; made once. */
export function keyspacesOf(topology: Topology): Keyspaces {
  let keyspaces = KNOWN.get(topology);
  if (keyspaces === undefined) {
    keyspaces = new Keyspaces(topology.keyspaces);
    KNOWN.set(topology, keyspaces);
  }
  return keyspaces;
}

function startsWith(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name[i]) return false;
  return true;
}
