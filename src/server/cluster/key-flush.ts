/**
 * Deletes all keys of a database, range by range of slots: a replica of each deletes what it has itself, some keys at a time,
 * and brings the deletions to the others. It does not ask them first, so what it has missed stays: whoever calls this looks
 * for what is left, and deletes that the usual way.
 */
import { mapBounded } from "../../base/map-bounded.ts";
import { DOOR_METHOD } from "../../replication/forward-message.ts";
import type { ConsistencyLevel } from "../../replication/quorum-need.ts";
import type { Effect } from "../../replication/step.ts";
import {
  decodeKeysAnswer,
  encodeFlushKeys,
  type FlushKeys,
  type SlotRange,
} from "../../replication/sweep-message.ts";
import type { Clock } from "../../runtime/runtime.ts";
import { POSITION_COUNT } from "../../storage/row-key.ts";
import type { ClusterKeys } from "./cluster-keys.ts";
import { UNASKED } from "./consistency.ts";
import type { Forwarder } from "./forwarder.ts";
import type { KeySweep } from "./key-sweep.ts";
import type { SentHere } from "./keyed-call.ts";
import type { LocalKeys } from "./local-keys.ts";
import type { ServedCluster } from "./served-cluster.ts";

export interface KeyFlushParts {
  readonly cluster: ServedCluster;
  readonly keys: Pick<ClusterKeys, "writeOptions" | "keepsSlot" | "isLocal">;
  readonly forwarder: Forwarder;
  readonly clock: Pick<Clock, "wallMs">;
  readonly sweep: Pick<KeySweep, "ranges">;
  readonly localKeys: Pick<LocalKeys, "walk">;
}

/** Rows of one step, which has the time that any request has. */
const ROWS_AT_ONCE = 500;
const RANGES_AT_ONCE = 2;
const DELETIONS_AT_ONCE = 64;

type Step = Pick<FlushKeys, "database" | "from" | "to" | "write">;

export class KeyFlush {
  readonly #parts: KeyFlushParts;

  constructor(parts: KeyFlushParts) {
    this.#parts = parts;
  }

  /** Rejects with StoreError: some keys may be gone then. */
  async flush(database: number, write: ConsistencyLevel | undefined): Promise<void> {
    await mapBounded(this.#parts.sweep.ranges, RANGES_AT_ONCE, async (range) => {
      const to = (range.last + 1) * POSITION_COUNT;
      for (let from = range.first * POSITION_COUNT; from < to; ) {
        from = await this.#flushSome(range, { database, from, to, write });
      }
    });
  }

  /** As a replica: deletes some of its own keys, and returns where to go on. */
  async flushHere(
    { database, from, to, rowsMax, write }: Omit<FlushKeys, "epoch">,
    sentHere: SentHere | undefined,
  ): Promise<number> {
    const { cluster, keys, localKeys } = this.#parts;
    const { place, keys: found } = await localKeys.walk({ database, from, to, rowsMax });
    const deletion = (): Effect<undefined> => {
      sentHere?.requireInTime();
      return { reply: undefined, change: { kind: "delete" } };
    };
    await mapBounded(found, DELETIONS_AT_ONCE, (key) => {
      const options = keys.writeOptions(key, { ...UNASKED, write }, true);
      return cluster.coordinator.update({ database, key }, options, deletion);
    });
    return place;
  }

  /** Asked of one replica only, unless that has surely done nothing: a late one would delete what was written since. */
  async #flushSome({ first }: SlotRange, step: Step): Promise<number> {
    const { cluster, keys, forwarder, clock } = this.#parts;
    const some = { ...step, rowsMax: ROWS_AT_ONCE };
    if (keys.keepsSlot(first)) return this.flushHere(some, undefined);
    const payload = encodeFlushKeys({ epoch: cluster.view.epoch, ...some });
    const { flushKeys: method } = DOOR_METHOD;
    const wallMs = clock.wallMs();
    const isLocal = keys.isLocal(undefined, { ...UNASKED, write: step.write });
    const request = { slot: first, method, encode: () => payload, wallMs, isLocal, stamp: undefined };
    return decodeKeysAnswer(await forwarder.ask(request)).place;
  }
}
