/**
 * Which writes of a key may have replaced, or deleted, which others. A write replaces what its coordinator had seen, so
 * never one that began after it had ended; KV.PUT and KV.DEL replace what their context has seen, and nothing else.
 *
 *   SET a   |----|
 *   SET b      |----|            b may have replaced a, and a may have replaced b
 *   SET c             |----|     may have replaced both; neither can have replaced c
 */
import type { Deed } from "./deed.ts";

export class Superseding {
  readonly #deeds: readonly Deed[];
  /** What was shown to whoever has the token. */
  readonly #shownWith = new Map<string, ReadonlySet<string>>();

  /** Of one key. */
  constructor(deeds: readonly Deed[]) {
    this.#deeds = deeds;
    for (const { token, change, shown } of deeds) {
      if (token === undefined) continue;
      const values = shown ?? (change?.kind === "put" ? [change.value] : []);
      this.#shownWith.set(token, new Set([...(this.#shownWith.get(token) ?? []), ...values]));
    }
  }

  /** Deeds that may have taken this value away: replaced, deleted, or let it expire by `nowMs`. */
  possibleEnds(written: Deed, value: string, nowMs: number): readonly Deed[] {
    return this.#deeds.filter((deed) => deed !== written && this.#mayEnd(deed, written, value, nowMs));
  }

  /** True if it surely replaces the value, wherever both are known. */
  hasSeen({ change, isAcked }: Deed, value: string): boolean {
    if (!isAcked || change === undefined || !("context" in change)) return false;
    return this.#shownWith.get(change.context ?? "")?.has(value) ?? false;
  }

  /**
   * True if the write may be gone by `nowMs` though it was acknowledged: it leads by replacements to a deletion, an
   * expiry or a value that is `alive`.
   */
  isAccountedFor(written: Deed, alive: ReadonlySet<string>, nowMs: number): boolean {
    const seen = new Set<Deed>([written]);
    const waiting = [written];
    for (let deed = waiting.pop(); deed !== undefined; deed = waiting.pop()) {
      const { change } = deed;
      if (change?.kind !== "put" || alive.has(change.value)) return true;
      if (change.ttlMs !== undefined && deed.invokedAtMs + change.ttlMs <= nowMs) return true;
      for (const next of this.possibleEnds(deed, change.value, nowMs)) {
        if (seen.has(next)) continue;
        seen.add(next);
        waiting.push(next);
      }
    }
    return false;
  }

  #mayEnd(deed: Deed, written: Deed, value: string, nowMs: number): boolean {
    const { change, endedAtMs, invokedAtMs } = deed;
    if (change === undefined || endedAtMs < written.invokedAtMs || invokedAtMs > nowMs) return false;
    if (change.kind === "renew") return change.ttlMs !== undefined && invokedAtMs + change.ttlMs <= nowMs;
    if (change.kind !== "put" && change.kind !== "delete" && change.kind !== "append") return false;
    const context = "context" in change ? change.context : undefined;
    if (context === undefined) return true;
    const shown = this.#shownWith.get(context);
    // Whoever got the token was told nothing that we know of: then it may have seen anything.
    return shown === undefined ? context !== "" : shown.has(value);
  }
}
