/**
 * What a client asks for next: a key and a command of that key's family, with a value that nobody else writes.
 */
import type { Family } from "../history/history.ts";
import type { SimRandom } from "../sim-random.ts";
import type { KeyChooser } from "./key-chooser.ts";

export interface Request {
  readonly family: Family;
  /** Several for MSET and MGET. */
  readonly keys: readonly string[];
  readonly command: readonly string[];
}

export interface Mix {
  /** How often a key is of each family, to the others. */
  readonly families: Readonly<Partial<Record<Family, number>>>;
  /** One command in so many asks for other levels than the client's own; 0: none does. */
  readonly otherLevelsOneIn: number;
}

export const FULL_MIX: Mix = {
  families: { register: 6, appended: 1, counter: 3, versioned: 3, delete: 3, expiry: 2, many: 2 },
  otherLevelsOneIn: 12,
};

const EXPIRY_MS_MAX = 20_000;
const TOGETHER_MAX = 3;
/** A few of them fill a cache. */
const CACHED_BYTES = 400;

/** Makes requests for one client. It remembers the contexts that KV.GET and KV.PUT have answered. */
export class RequestMaker {
  readonly #client: number;
  readonly #random: SimRandom;
  readonly #keys: KeyChooser;
  readonly #mix: Mix;
  readonly #families: readonly Family[];
  readonly #separator: string;
  readonly #contexts = new Map<string, string>();
  #valueCount = 0;

  /** `separator`: between the name of a key's family and its number. */
  constructor(client: number, random: SimRandom, keys: KeyChooser, mix: Mix, separator = "") {
    this.#separator = separator;
    this.#client = client;
    this.#random = random;
    this.#keys = keys;
    this.#mix = mix;
    this.#families = (Object.entries(mix.families) as [Family, number][]).flatMap(([family, share]) =>
      Array.from({ length: share }, () => family),
    );
  }

  next(): Request {
    const family = this.#pick(this.#families);
    if (family === "many") return this.#many();
    const key = this.#keyOf(family);
    const command = this.#commandFor(family, key);
    return { family, keys: [key], command: this.#maybeLevelled(command) };
  }

  /** What a KV.GET or KV.PUT of the key has answered. */
  noteContext(key: string, context: string): void {
    this.#contexts.set(key, context);
  }

  #commandFor(family: Family, key: string): readonly string[] {
    switch (family) {
      case "counter":
        return this.#ofCounter(key);
      case "appended":
        return this.#pick([
          ["APPEND", key, `${this.#value()};`],
          ["GET", key],
          ["GET", key],
        ]);
      case "versioned":
        return this.#ofVersioned(key);
      case "delete":
        return this.#ofDeleted(key);
      case "expiry":
        return this.#ofExpiring(key);
      case "cached":
        return this.#ofCached(key);
      default:
        return this.#ofRegister(key);
    }
  }

  #ofRegister(key: string): readonly string[] {
    const value = this.#value();
    return this.#pick([
      ["GET", key],
      ["GET", key],
      ["GET", key],
      ["SET", key, value],
      ["SET", key, value],
      ["SET", key, value],
      ["SET", key, value, "GET"],
      ["SET", key, value, this.#random.oneIn(2) ? "NX" : "XX"],
      ["GETSET", key, value],
      ["GETDEL", key],
      ["DEL", key],
    ]);
  }

  #ofCounter(key: string): readonly string[] {
    const by = String(1 + this.#random.below(9));
    return this.#pick([
      ["GET", key],
      ["INCR", key],
      ["INCRBY", key, by],
      ["DECR", key],
      ["DECRBY", key, by],
    ]);
  }

  #ofVersioned(key: string): readonly string[] {
    const context = this.#contexts.get(key);
    if (context === undefined || this.#random.oneIn(3)) return ["KV.GET", key];
    this.#contexts.delete(key);
    const value = this.#value();
    if (this.#random.oneIn(8)) return ["SET", key, value];
    return this.#random.oneIn(6)
      ? ["KV.DEL", key, "CONTEXT", context]
      : ["KV.PUT", key, value, "CONTEXT", context];
  }

  #ofDeleted(key: string): readonly string[] {
    return this.#pick([
      ["SET", key, this.#value()],
      ["SET", key, this.#value()],
      ["DEL", key],
      ["UNLINK", key],
      ["EXISTS", key],
      ["GET", key],
      ["GET", key],
    ]);
  }

  #ofExpiring(key: string): readonly string[] {
    const ms = String(1 + this.#random.below(EXPIRY_MS_MAX));
    return this.#pick([
      ["SET", key, this.#value(), "PX", ms],
      ["SET", key, this.#value(), "PX", ms],
      ["SET", key, this.#value()],
      ["PEXPIRE", key, ms],
      ["PERSIST", key],
      ["PTTL", key],
      ["GET", key],
      ["GET", key],
    ]);
  }

  #ofCached(key: string): readonly string[] {
    return this.#pick([
      ["SET", key, this.#value().padEnd(CACHED_BYTES, ".")],
      ["SET", key, this.#value()],
      ["DEL", key],
      ["GET", key],
      ["GET", key],
    ]);
  }

  #many(): Request {
    const count = 2 + this.#random.below(TOGETHER_MAX - 1);
    const keys = [...new Set(Array.from({ length: count }, () => this.#keyOf("many")))];
    const command = this.#random.oneIn(2)
      ? ["MGET", ...keys]
      : ["MSET", ...keys.flatMap((key) => [key, this.#value()])];
    return { family: "many", keys, command };
  }

  #maybeLevelled(command: readonly string[]): readonly string[] {
    const oneIn = this.#mix.otherLevelsOneIn;
    if (oneIn === 0 || !this.#random.oneIn(oneIn)) return command;
    const level = this.#pick(["one", "quorum", "all"]);
    return ["KV.WITH", this.#random.oneIn(2) ? "READ" : "WRITE", level, "--", ...command];
  }

  #keyOf(family: Family): string {
    return `${family}${this.#separator}${this.#keys.choose(this.#random)}`;
  }

  #value(): string {
    return `c${this.#client}.${++this.#valueCount}`;
  }

  #pick<T>(all: readonly T[]): T {
    return all[this.#random.below(all.length)]!;
  }
}
