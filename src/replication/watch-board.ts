/**
 * Which keys somebody watches, and how often each was written while watched: for WATCH.
 * Keys are known by their row key's hash: two that share one count as one. That may fail a transaction which
 * could have run; it never lets one run which should have failed.
 */
import type { Cell } from "../causality/cell.ts";
import { liveAt } from "../causality/cell-value.ts";
import type { KeyRef } from "./step.ts";

/** What somebody remembers of a key, to see whether it has changed since. */
export interface Watch {
  readonly ref: KeyRef;
  readonly key: WatchedKey;
  readonly writeCount: number;
  readonly version: string;
}

export interface WatchedKey {
  readonly hash: number;
  watcherCount: number;
  writeCount: number;
}

export class WatchBoard {
  readonly #keys = new Map<number, WatchedKey>();

  get keyCount(): number {
    return this.#keys.size;
  }

  /** Pair it with `release`. */
  add(hash: number): WatchedKey {
    const known = this.#keys.get(hash);
    if (known !== undefined) {
      known.watcherCount++;
      return known;
    }
    const key: WatchedKey = { hash, watcherCount: 1, writeCount: 0 };
    this.#keys.set(hash, key);
    return key;
  }

  release(key: WatchedKey): void {
    key.watcherCount--;
    if (key.watcherCount === 0) this.#keys.delete(key.hash);
  }

  /** Hot: called for every write, and nearly never is anything watched. */
  noteWrite(hash: number): void {
    if (this.#keys.size === 0) return;
    const key = this.#keys.get(hash);
    if (key !== undefined) key.writeCount++;
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
