/**
 * Clients to be closed since they do not take what they are sent: those beyond the soft limit for too long, and those
 * that are to be closed anyway once they have their last replies, and let these lie.
 *
 * Fed with the time about once a second. Pure: it decides, its owner closes.
 */
import type { ClientLimits } from "./client-limits.ts";

/** How long a leaving client may take nothing at all, and how fast it must be with what it has not taken yet. */
const LEAVING_PATIENCE_MS = 10_000;
const LEAVING_BYTES_PER_MS = 256;

export interface Reader {
  /** True while it waits for the server: nothing can be said of its reading. */
  readonly isWaiting: boolean;
  readonly connection: { readonly unsentBytes: number };
}

interface Standstill {
  unsentBytes: number;
  sinceMs: number;
}

export class SlowReaders<R extends Reader> {
  readonly #leaving = new Map<R, Standstill>();
  readonly #overSoftSinceMs = new Map<R, number>();

  /** `reader` is to be closed once it has taken everything. Pair it with `forget`. */
  noteLeaving(reader: R, nowMs: number): void {
    if (this.#leaving.has(reader)) return;
    this.#leaving.set(reader, { unsentBytes: reader.connection.unsentBytes, sinceMs: nowMs });
  }

  forget(reader: R): void {
    this.#leaving.delete(reader);
    this.#overSoftSinceMs.delete(reader);
  }

  /** Those whose time is over. */
  overdue(all: Iterable<R>, nowMs: number, limits: ClientLimits): R[] {
    const overdue = new Set<R>();
    for (const [reader, standstill] of this.#leaving) {
      if (isAbandoned(reader, standstill, nowMs)) overdue.add(reader);
    }
    if (limits.softUnsentBytesMax === Number.POSITIVE_INFINITY) {
      this.#overSoftSinceMs.clear();
    } else {
      for (const reader of all) if (this.#isOverSoft(reader, nowMs, limits)) overdue.add(reader);
    }
    return [...overdue];
  }

  #isOverSoft(reader: R, nowMs: number, { softUnsentBytesMax, softMs }: ClientLimits): boolean {
    if (reader.connection.unsentBytes <= softUnsentBytesMax) {
      this.#overSoftSinceMs.delete(reader);
      return false;
    }
    const sinceMs = this.#overSoftSinceMs.get(reader);
    if (sinceMs === undefined) this.#overSoftSinceMs.set(reader, nowMs);
    return nowMs - (sinceMs ?? nowMs) > softMs;
  }
}

/** What is unsent shrinks in steps as large as what was written, so the time for that much counts too. */
function isAbandoned({ isWaiting, connection }: Reader, standstill: Standstill, nowMs: number): boolean {
  const { unsentBytes } = connection;
  if (isWaiting || unsentBytes !== standstill.unsentBytes) {
    standstill.unsentBytes = unsentBytes;
    standstill.sinceMs = nowMs;
  }
  return nowMs - standstill.sinceMs > LEAVING_PATIENCE_MS + unsentBytes / LEAVING_BYTES_PER_MS;
}
