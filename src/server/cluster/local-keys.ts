/** Keys and counts of this node's own copy, for whoever puts together what several nodes have. */
import type { Awaitable } from "../../base/awaitable.ts";
import type { LocalReplica } from "../../replication/local-replica.ts";
import type { CountRows, KeysAnswer, WalkKeys } from "../../replication/sweep-message.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";
import type { Clock } from "../../runtime/runtime.ts";
import { POSITION_COUNT, positionOfRow, RowKey, slotOfRow } from "../../storage/row-key.ts";
import type { StorageEngine } from "../../storage/storage-engine.ts";

/** Others have their turn between two slices of a walk. */
const SLICE_ROWS = 1_000;
/** An answer must fit into a message with room to spare. */
const KEY_BYTES_AT_ONCE = 4 * 1024 * 1024;

export class LocalKeys {
  readonly #replica: Pick<LocalReplica, "walkKeys">;
  readonly #engine: Pick<StorageEngine, "slotCount">;
  readonly #clock: Pick<Clock, "wallMs">;

  constructor(
    replica: Pick<LocalReplica, "walkKeys">,
    engine: Pick<StorageEngine, "slotCount">,
    clock: Pick<Clock, "wallMs">,
  ) {
    this.#replica = replica;
    this.#engine = engine;
    this.#clock = clock;
  }

  async walk({ database, from, to, rowsMax }: Omit<WalkKeys, "epoch">): Promise<KeysAnswer> {
    const keys: Uint8Array[] = [];
    let keyBytes = 0;
    const visit = (bytes: Uint8Array, start: number, end: number): void => {
      keys.push(bytes.slice(start, end));
      keyBytes += end - start;
    };
    const wallMs = this.#clock.wallMs();
    let place = from;
    let rowsLeft = rowsMax;
    while (place < to && rowsLeft > 0 && keyBytes < KEY_BYTES_AT_ONCE) {
      const slice = Math.min(rowsLeft, SLICE_ROWS);
      const walked: Awaitable<number> = this.#replica.walkKeys(
        { database, from: place, rowsMax: slice, wallMs },
        visit,
      );
      place = await walked;
      rowsLeft -= slice;
    }
    if (place <= to) return { place, keys };
    return { place: to, keys: keys.filter((key) => placeOf(key) < to) };
  }

  /** Rows of each range of slots; some may have expired and not been dropped yet. */
  count({ database, ranges }: Omit<CountRows, "epoch">): readonly number[] {
    return ranges.map(({ first, last }) => {
      let count = 0;
      for (let slot = first; slot <= last && slot < SLOT_COUNT; slot++) {
        count += this.#engine.slotCount(slot, database);
      }
      return count;
    });
  }
}

const rowKey = new RowKey(0);

/** Where walks meet a key: see key-walk.ts. */
export function placeOf(key: Uint8Array): number {
  rowKey.encode(0, key, 0, key.length);
  return slotOfRow(rowKey.bytes, 0) * POSITION_COUNT + positionOfRow(rowKey.bytes, 0);
}
