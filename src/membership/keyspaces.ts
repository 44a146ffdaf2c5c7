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
import { FirstWords } from "../base/first-words.ts";
import { DEFAULT_KEYSPACE, defaultKeyspaceOf, type Keyspace, type Topology } from "./topology.ts";

export class Keyspaces {
  /** Sorted by name. */
  readonly all: readonly Keyspace[];
  readonly default: Keyspace;
  /** True if some keys expire though nobody says so of them. */
  readonly hasExpiry: boolean;
  /** Without the default one, which no key names. */
  readonly #named: FirstWords<Keyspace>;

  /** Requires: sorted by name, one of them "default". */
  constructor(all: readonly Keyspace[]) {
    this.all = all;
    this.default = defaultKeyspaceOf({ keyspaces: all });
    this.hasExpiry = all.some(({ ttlMs }) => ttlMs > 0);
    const named = all.filter(({ name }) => name !== DEFAULT_KEYSPACE);
    this.#named = new FirstWords(named.map((keyspace) => [keyspace.name, keyspace]));
  }

  /** True if every key is of the default one. */
  get isSingle(): boolean {
    return this.#named.isEmpty;
  }

  named(name: string): Keyspace | undefined {
    return this.all.find((keyspace) => keyspace.name === name);
  }

  /** The keyspace of the key `bytes[start, end)`. */
  of(bytes: Uint8Array, start = 0, end = bytes.length): Keyspace {
    return this.#named.of(bytes, start, end) ?? this.default;
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
