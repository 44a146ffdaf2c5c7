/** Commands about all keys of a database of the cluster: put together from what the replicas of each range of slots have. */
import { utf8 } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import { matchesGlob } from "../../base/glob.ts";
import { mapBounded } from "../../base/map-bounded.ts";
import { DATABASE_COUNT } from "../../node/settings.ts";
import type { Reply } from "../../resp/reply.ts";
import { slotOf } from "../../ring/slot.ts";
import { POSITION_COUNT } from "../../storage/row-key.ts";
import { BulkList } from "../bulk-list.ts";
import type { UpdateManyCommand } from "../command-shape.ts";
import type { ClusterKeys } from "./cluster-keys.ts";
import { type AskedLevels, UNASKED } from "./consistency.ts";
import type { LimitsReplies } from "./encoded-replies.ts";
import type { KeyFlush } from "./key-flush.ts";
import { type KeySweep, PLACES_END } from "./key-sweep.ts";
import type { RowTally } from "./row-tally.ts";

export interface WholeDatabaseParts {
  readonly keys: ClusterKeys;
  readonly sweep: KeySweep;
  readonly tally: RowTally;
  readonly flush: KeyFlush;
  readonly host: LimitsReplies;
  readonly clock: { wallMs(): number };
  readonly random: { below(end: number): number };
}

export interface ScanOptions {
  readonly from: number;
  readonly rowsMax: number;
  /** Undefined for every key. */
  readonly pattern: Uint8Array | undefined;
}

/** Ranges that one SCAN goes through at most, if they have no keys. */
const SCAN_STEPS_MAX = 32;
/** Deletions of one FLUSHDB under way at a time, each of the keys of one slot. */
const FLUSHES_AT_ONCE = 32;
const RANDOM_TRIES_MAX = 20;
const RANDOM_KEYS_MAX = 256;
/** A forwarded request is known by its name. */
const DEL = utf8("DEL");

export class WholeDatabase {
  readonly #parts: WholeDatabaseParts;

  constructor(parts: WholeDatabaseParts) {
    this.#parts = parts;
  }

  /** Some keys, and the place to go on from. */
  async scan(
    database: number,
    asked: AskedLevels,
    { from, rowsMax, pattern }: ScanOptions,
  ): Promise<{ readonly place: number; readonly keys: Reply }> {
    const found = this.#collector(pattern);
    let place = from;
    let rowsLeft = rowsMax;
    for (let step = 0; step < SCAN_STEPS_MAX && place < PLACES_END && rowsLeft > 0; step++) {
      const walked = await this.#parts.sweep.walk({ database, from: place, rowsMax: rowsLeft, asked });
      for (const key of walked.keys) found.add(key);
      place = walked.place;
      rowsLeft -= walked.keys.length;
    }
    return { place, keys: found.list.reply() };
  }

  /** All keys that match. */
  async matching(database: number, asked: AskedLevels, pattern: Uint8Array | undefined): Promise<Reply> {
    const found = this.#collector(pattern);
    await this.#parts.sweep.walkAll({ database, asked }, (keys) => {
      for (const key of keys) found.add(key);
    });
    return found.list.reply();
  }

  /** A key by chance, as good as each as likely as any other; null if there is none. */
  async randomKey(database: number): Promise<Uint8Array | null> {
    const { tally, sweep, random } = this.#parts;
    for (let tries = 0; tries < RANDOM_TRIES_MAX; tries++) {
      const slot = await tally.randomSlot(database, (end) => random.below(end));
      if (slot === undefined) return null;
      const step = { database, from: slot * POSITION_COUNT, rowsMax: RANDOM_KEYS_MAX, asked: UNASKED };
      const { keys } = await sweep.walk(step);
      const own = keys.filter((key) => slotOf(key) === slot);
      if (own.length > 0) return own[random.below(own.length)]!; // else they have expired meanwhile
    }
    return null;
  }

  /**
   * Deletes every key that there is, one by one: so a replica that is down is told by hints, and what is written meanwhile may
   * stay. What `KeyFlush` leaves is deleted by `del`, as a client could. `databases`: their numbers.
   */
  async flush(databases: readonly number[], asked: AskedLevels, del: UpdateManyCommand): Promise<void> {
    for (const database of databases) {
      const { tally, flush } = this.#parts;
      if (await tally.isEmpty(database)) continue;
      await flush.flush(database, asked.write);
      if (await tally.isEmpty(database)) continue;
      await this.#parts.sweep.walkAll({ database, asked }, async (keys) => {
        const bySlot = new Map<number, Uint8Array[]>();
        for (const key of keys) bySlot.set(slotOf(key), [...(bySlot.get(slotOf(key)) ?? []), key]);
        await mapBounded([...bySlot.values()], FLUSHES_AT_ONCE, (some) =>
          this.#delete(database, asked, { command: del, args: [DEL, ...some] }),
        );
      });
    }
  }

  async #delete(
    database: number,
    asked: AskedLevels,
    call: { readonly command: UpdateManyCommand; readonly args: readonly Uint8Array[] },
  ): Promise<void> {
    const { keys, clock } = this.#parts;
    const how = { protocol: 2, asked, wantsReceipt: false, sentHere: undefined } as const;
    await keys.run({ ...call, ...how, database, wallMs: clock.wallMs() });
  }

  /** Takes keys that match. It throws StoreError OVERLOADED if they are more than a reply may hold. */
  #collector(pattern: Uint8Array | undefined): { readonly list: BulkList; add(key: Uint8Array): void } {
    const list = new BulkList();
    const { host } = this.#parts;
    const add = (key: Uint8Array): void => {
      if (pattern !== undefined && !matchesGlob(pattern, key, 0, key.length)) return;
      list.add(key, 0, key.length);
      const { replyBytesMax } = host.limits;
      if (list.byteCount <= replyBytesMax) return;
      throw new StoreError("OVERLOADED", "not-applied", `the keys take more than ${replyBytesMax} bytes`);
    };
    return { list, add };
  }
}

export const ALL_DATABASES: readonly number[] = Array.from({ length: DATABASE_COUNT }, (_, i) => i);
