/**
 * What is being watched (WATCH), and which of it has been written since.
 * Keys are known by their row key's hash: two that share one count as one. That may fail a transaction which
 * could have run; it never lets one run which should have failed.
 */
import type { Cell } from "../causality/cell.ts";
import { liveAt } from "../causality/cell-value.ts";
import type { KeyRef } from "./step.ts";

/** What somebody remembers of a key, to see whether it has changed since. */
export interface Watch {
  readonly ref: KeyRef;
  /** See `versionOf`; undefined until the key has been read. */
  version: string | undefined;
  hash: number;
  isWritten: boolean;
}

/** What is asked for of a transaction. */
export interface Transaction {
  /** All keys that its steps touch. Asked for only where something must be waited for. */
  readonly refs: readonly KeyRef[];
  /** It runs only if none of these has changed. */
  readonly watches: readonly Watch[];
  readonly wallMs: number;
}

/** What of a key is different after a swap. */
export interface NewPlaces {
  hashOf(ref: KeyRef): number;
  /** False only if there surely is no such key. */
  isLive(ref: KeyRef): boolean;
}

export class WatchBoard {
  /** Those that have not been written. */
  readonly #watches = new Map<number, Set<Watch>>();

  /** Pair it with `remove`. */
  add(ref: KeyRef, hash: number): Watch {
    const watch: Watch = { ref, version: undefined, hash, isWritten: false };
    this.#put(watch);
    return watch;
  }

  remove(watch: Watch): void {
    const others = this.#watches.get(watch.hash);
    if (others?.delete(watch) && others.size === 0) this.#watches.delete(watch.hash);
  }

  /** Hot: called for every write, and nearly never is anything watched. */
  noteWrite(hash: number): void {
    if (this.#watches.size === 0) return;
    for (const watch of this.#watches.get(hash) ?? []) watch.isWritten = true;
    this.#watches.delete(hash);
  }

  /** Two databases have changed places. What is written where `hashOf` now finds a key counts from now on. */
  noteSwap(a: number, b: number, { hashOf, isLive }: NewPlaces): void {
    const all = [...this.#watches.values()].flatMap((watches) => [...watches]);
    for (const watch of all) {
      if (watch.ref.database !== a && watch.ref.database !== b) continue;
      this.remove(watch);
      watch.hash = hashOf(watch.ref);
      watch.isWritten = watch.version !== "" || isLive(watch.ref);
      if (!watch.isWritten) this.#put(watch);
    }
  }

  #put(watch: Watch): void {
    const others = this.#watches.get(watch.hash);
    if (others === undefined) this.#watches.set(watch.hash, new Set([watch]));
    else others.add(watch);
  }
}

/** Names what of a key lives at `wallMs`: another name after every write, and once any of it expires. */
export function versionOf(cell: Cell | undefined, wallMs: number): string {
  const live = cell === undefined ? undefined : liveAt(cell, wallMs);
  if (live === undefined || live.siblings.length === 0) return "";
  const siblings = live.siblings.map(({ dot }) => `${dot.actor}:${dot.counter}`);
  const absorbed = live.absorbed.map(({ actor, upTo }) => `${actor}:-${upTo}`);
  return [...siblings, ...absorbed].join(" ");
}
