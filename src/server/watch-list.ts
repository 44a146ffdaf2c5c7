/** What a session watches (WATCH), each key of each database once. */
import { type Awaitable, whenReady } from "../base/awaitable.ts";
import type { LocalReplica } from "../replication/local-replica.ts";
import type { KeyRef } from "../replication/step.ts";
import type { Watch } from "../replication/watch-board.ts";
import { latin1 } from "./arguments.ts";

/** What a watch takes besides its key. */
const WATCH_BYTES = 400;
const NONE: readonly Watch[] = [];

export class WatchList {
  readonly #replica: LocalReplica;
  readonly #remember: (ref: KeyRef, wallMs: number) => Awaitable<Watch>;
  readonly #watches = new Map<string, Watch>();
  #heldBytes = 0;
  #clearCount = 0;

  /** `remember` says how a key is now, if this node's own copy is not to be asked. */
  constructor(replica: LocalReplica, remember?: (ref: KeyRef, wallMs: number) => Awaitable<Watch>) {
    this.#replica = replica;
    this.#remember = remember ?? ((ref, wallMs) => replica.watch(ref, wallMs));
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  get watches(): readonly Watch[] {
    return this.#watches.size === 0 ? NONE : [...this.#watches.values()];
  }

  /** Remembers the key as it is now, unless it is watched already. */
  add(ref: KeyRef, wallMs: number): Awaitable<void> {
    const id = `${ref.database}:${latin1(ref.key)}`;
    if (this.#watches.has(id)) return undefined;
    const clearCount = this.#clearCount;
    return whenReady(this.#remember(ref, wallMs), (watch) => {
      if (clearCount === this.#clearCount) this.#keep(id, watch);
      else this.#replica.release(watch); // the client has gone meanwhile
    });
  }

  clear(): void {
    this.#clearCount++;
    if (this.#watches.size === 0) return; // which is not the same to a Map
    for (const watch of this.#watches.values()) this.#replica.release(watch);
    this.#watches.clear();
    this.#heldBytes = 0;
  }

  #keep(id: string, watch: Watch): void {
    this.#watches.set(id, watch);
    this.#heldBytes += id.length + WATCH_BYTES;
  }
}
