/**
 * Which requests of one session may be under way at once. Those of different keys may; of one key as far as their order
 * shows neither in the replies nor in what is stored:
 *
 *   after \ before      a read    an overwrite made here    any other
 *   a read              at once   at once: own copy first    waits
 *   an overwrite        waits     at once: made in order     waits
 *   any other           waits     waits                      waits
 *
 * Keys are told apart by a hash: two that share one wait for each other, which does no harm.
 */

export const CLAIM = { read: 0, overwrite: 1, other: 2 } as const;
export type ClaimKind = (typeof CLAIM)[keyof typeof CLAIM];

/** What one request does to which keys. */
export interface KeyClaim {
  readonly kind: ClaimKind;
  readonly hashes: readonly number[];
}

/** How many requests of each kind are under way. */
type Counts = [reads: number, overwrites: number, others: number];

export class KeyClaims {
  readonly #byHash = new Map<number, Counts>();

  /** True if the request need not wait for any before it. */
  admits({ kind, hashes }: KeyClaim): boolean {
    for (const hash of hashes) {
      const counts = this.#byHash.get(hash);
      if (counts === undefined) continue;
      const [reads, , others] = counts;
      if (others > 0 || kind === CLAIM.other) return false;
      if (kind === CLAIM.overwrite && reads > 0) return false;
    }
    return true;
  }

  add({ kind, hashes }: KeyClaim): void {
    for (const hash of hashes) {
      let counts = this.#byHash.get(hash);
      if (counts === undefined) {
        counts = [0, 0, 0];
        this.#byHash.set(hash, counts);
      }
      counts[kind]++;
    }
  }

  /** Requires: it was added. */
  remove({ kind, hashes }: KeyClaim): void {
    for (const hash of hashes) {
      const counts = this.#byHash.get(hash)!;
      counts[kind]--;
      if (counts[0] + counts[1] + counts[2] === 0) this.#byHash.delete(hash);
    }
  }
}
