/**
 * Finds the keys of a session's database that match a pattern, slice by slice: between two slices other clients
 * have their turn, so the keys found are those of no single moment. Within a transaction nobody has a turn, as long
 * as the engine answers at once.
 */
import { type Awaitable, whenReady } from "../base/awaitable.ts";
import { StoreError } from "../base/errors.ts";
import { matchesGlob } from "../base/glob.ts";
import { PLACES_END } from "../replication/key-walk.ts";
import { BulkList } from "./bulk-list.ts";
import type { Session } from "./command.ts";

/** About half a millisecond's worth. */
const SLICE_ROWS = 1_000;
const STAR = 0x2a;

export class KeySearch {
  readonly keys = new BulkList();
  readonly #session: Session;
  /** Undefined where every key matches. */
  readonly #pattern: Uint8Array | undefined;
  readonly #database: number;
  readonly #wallMs: number;
  #place: number;
  #rowsLeft: number;

  /** Begins at `from`, a place of a KeyWalk, and ends after about `rowsMax` rows. */
  constructor(session: Session, { pattern, from, rowsMax }: KeySearchOptions) {
    this.#session = session;
    this.#pattern = pattern?.length === 1 && pattern[0] === STAR ? undefined : pattern;
    this.#database = session.database;
    this.#wallMs = session.server.wallMs;
    this.#place = from;
    this.#rowsLeft = rowsMax;
  }

  /** Resolves to the place to go on from. Throws StoreError OVERLOADED if more is found than a reply may hold. */
  run(): Awaitable<number> {
    for (;;) {
      const walked = this.#walk();
      if (walked instanceof Promise) return this.#finish(walked);
      if (this.#isDone) return this.#place;
      if (!this.#session.isExecuting) return this.#finish(this.#turn());
    }
  }

  get #isDone(): boolean {
    return this.#place === PLACES_END || this.#rowsLeft <= 0 || this.#session.isClosed;
  }

  async #finish(first: Promise<void>): Promise<number> {
    await first;
    while (!this.#isDone) {
      await this.#walk();
      if (!this.#isDone) await this.#turn();
    }
    return this.#place;
  }

  #walk(): Awaitable<void> {
    const rowsMax = Math.min(SLICE_ROWS, this.#rowsLeft);
    const step = { database: this.#database, from: this.#place, rowsMax, wallMs: this.#wallMs };
    this.#rowsLeft -= rowsMax;
    const visit = (bytes: Uint8Array, start: number, end: number): void => this.#visit(bytes, start, end);
    return whenReady(this.#session.server.node.replica.walkKeys(step, visit), (place) => {
      this.#place = place;
    });
  }

  #visit(bytes: Uint8Array, start: number, end: number): void {
    if (this.#pattern !== undefined && !matchesGlob(this.#pattern, bytes, start, end)) return;
    this.keys.add(bytes, start, end);
    const { replyBytesMax } = this.#session.server.limits;
    if (this.keys.byteCount <= replyBytesMax) return;
    throw new StoreError("OVERLOADED", "not-applied", `the keys take more than ${replyBytesMax} bytes`);
  }

  /** Lets others have theirs. */
  #turn(): Promise<void> {
    return new Promise((resolve) => this.#session.server.runtime.clock.defer(resolve));
  }
}

export interface KeySearchOptions {
  /** Undefined for every key. */
  readonly pattern: Uint8Array | undefined;
  readonly from: number;
  readonly rowsMax: number;
}
