/**
 * Session guarantees: a client that has written a value, or has been shown one, is shown nothing older afterwards.
 * Source: Terry et al. 1994, "Session Guarantees for Weakly Consistent Replicated Data".
 *
 * Finds: stale replicas that are not mended before a read answers, quorums that do not meet, fallbacks counted as replicas.
 * KV.GET shows all concurrent values, so what a client knows must be among them or replaced. GET shows the newest by the
 * clock: it is only looked at where clocks agree, and "older" means that it had ended before the other began.
 */
import type { History, Promises, Violation } from "../history/history.ts";
import { type Checker, VIOLATIONS_MAX } from "./checker.ts";
import { type Deed, deedsByKey } from "./deed.ts";
import { Superseding } from "./superseding.ts";

export const sessions: Checker = {
  name: "sessions",
  promise: "a client reads its own writes, and never anything older than what it has read",
  check({ operations, promises }: History) {
    if (!promises.readsSeeWrites && !promises.readsAreMonotonic) return [];
    const violations: Violation[] = [];
    for (const [key, deeds] of deedsByKey(operations)) {
      const clients = new Set(deeds.map(({ operation }) => operation.client));
      const story = new KeyStory(key, deeds, promises);
      for (const client of clients) violations.push(...story.check(client));
      if (violations.length >= VIOLATIONS_MAX) break;
    }
    return violations.slice(0, VIOLATIONS_MAX);
  },
};

/** A value that the client knows of, and how it came to. */
interface Known {
  readonly value: string;
  readonly written: Deed;
  readonly by: Deed;
}

class KeyStory {
  readonly #key: string;
  readonly #deeds: readonly Deed[];
  readonly #promises: Promises;
  readonly #superseding: Superseding;
  readonly #writers = new Map<string, Deed>();

  constructor(key: string, deeds: readonly Deed[], promises: Promises) {
    this.#key = key;
    this.#deeds = deeds;
    this.#promises = promises;
    this.#superseding = new Superseding(deeds);
    for (const deed of deeds) if (deed.change?.kind === "put") this.#writers.set(deed.change.value, deed);
  }

  check(client: number): Violation[] {
    const violations: Violation[] = [];
    let known: Known[] = [];
    for (const deed of this.#deeds) {
      if (deed.operation.client !== client || !deed.isAcked || deed.isLevelled) continue;
      const { shown } = deed;
      if (shown !== undefined && this.#isComparable(deed)) {
        const missed = known.find((one) => this.#isMissed(one, deed, shown));
        if (missed !== undefined) violations.push(this.#violation(missed, deed, shown));
        known = [...(this.#promises.readsAreMonotonic ? this.#knownBy(deed, shown) : [])];
      }
      if (this.#promises.readsSeeWrites && deed.change?.kind === "put") {
        known.push({ value: deed.change.value, written: deed, by: deed });
      }
    }
    return violations;
  }

  /** What a plain GET shows among concurrent values is a matter of clocks. */
  #isComparable({ name }: Deed): boolean {
    return name === "KV.GET" || this.#promises.isLinearizable;
  }

  #knownBy(deed: Deed, shown: readonly string[]): Known[] {
    return shown.flatMap((value) => {
      const written = this.#writers.get(value);
      return written === undefined ? [] : [{ value, written, by: deed }];
    });
  }

  /** True if the value is not shown, and nothing explains that. */
  #isMissed({ value, written }: Known, read: Deed, shown: readonly string[]): boolean {
    if (shown.includes(value)) return false;
    const ends = this.#superseding.possibleEnds(written, value, read.endedAtMs);
    const mayHaveEnded = ends.some(({ invokedAtMs }) => invokedAtMs <= read.endedAtMs);
    const { change } = written;
    const mayHaveExpired =
      change?.kind === "put" &&
      change.ttlMs !== undefined &&
      written.invokedAtMs + change.ttlMs <= read.endedAtMs + (this.#promises.clockErrorMsMax ?? Infinity);
    return !mayHaveEnded && !mayHaveExpired;
  }

  #violation({ value, by }: Known, { operation, endedAtMs }: Deed, shown: readonly string[]): Violation {
    const knew = by.change === undefined ? "read" : "written";
    return {
      checker: "sessions",
      message: `client ${operation.client} had ${knew} ${value} in operation ${by.operation.index}, and was shown ${shown.join(", ") || "nothing"} in ${operation.index}`,
      key: this.#key,
      operations: [by.operation.index, operation.index],
      atMs: endedAtMs,
    };
  }
}
