/**
 * How many rows there are, slot by slot, each asked of one replica that is up. What one replica has missed is missing in
 * its count, until it has been repaired.
 */
import { StoreError } from "../../base/errors.ts";
import { DOOR_METHOD } from "../../replication/forward-message.ts";
import { decodeCountsAnswer, encodeCountRows, type SlotRange } from "../../replication/sweep-message.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";
import type { KeySweep } from "./key-sweep.ts";
import type { LocalKeys } from "./local-keys.ts";
import type { ServedCluster } from "./served-cluster.ts";

const TIMEOUT_MS = 4_000;
/** A range is searched by parts: so many at a time. */
const PARTS = 128;

interface CountedRange {
  readonly range: SlotRange;
  readonly index: number;
}

export class RowTally {
  readonly #cluster: ServedCluster;
  readonly #localKeys: LocalKeys;
  readonly #sweep: Pick<KeySweep, "ranges">;

  constructor(cluster: ServedCluster, localKeys: LocalKeys, sweep: Pick<KeySweep, "ranges">) {
    this.#cluster = cluster;
    this.#localKeys = localKeys;
    this.#sweep = sweep;
  }

  /** Rejects with StoreError QUORUM_UNAVAILABLE if no replica of some slot is up. */
  async total(database: number): Promise<number> {
    const counts = await this.count(database, this.#sweep.ranges);
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** True only if no member that is up has a row of it. */
  async isEmpty(database: number): Promise<boolean> {
    const { view, topology } = this.#cluster;
    const ids = topology.members.map(({ id }) => id).filter((id) => view.isUp(id));
    const all = [{ first: 0, last: SLOT_COUNT - 1 }];
    const counts = await Promise.allSettled(ids.map((id) => this.#countAt(id, database, all)));
    return counts.every((counted) => counted.status === "fulfilled" && counted.value[0] === 0);
  }

  /** Of each range, whose slots have the same replicas. */
  async count(database: number, ranges: readonly SlotRange[]): Promise<readonly number[]> {
    const counts = new Array<number>(ranges.length).fill(0);
    let left: CountedRange[] = ranges.map((range, index) => ({ range, index }));
    const failed = new Set<NodeId>();
    while (left.length > 0) {
      const byNode = new Map<NodeId, CountedRange[]>();
      for (const each of left) {
        const id = this.#nearest(each.range, failed);
        byNode.set(id, [...(byNode.get(id) ?? []), each]);
      }
      const results = await Promise.allSettled(
        [...byNode].map(([id, asked]) =>
          this.#countAt(
            id,
            database,
            asked.map(({ range }) => range),
          ),
        ),
      );
      left = [];
      [...byNode].forEach(([id, asked], i) => {
        const result = results[i]!;
        if (result.status === "fulfilled") {
          asked.forEach(({ index }, at) => {
            counts[index] = result.value[at] ?? 0;
          });
        } else if (result.reason instanceof StoreError) {
          failed.add(id);
          left.push(...asked);
        } else throw result.reason;
      });
    }
    return counts;
  }

  /** A slot by chance, each the likelier the more rows it has; undefined if there are none. */
  async randomSlot(database: number, below: (end: number) => number): Promise<number | undefined> {
    let parts: readonly SlotRange[] = this.#sweep.ranges;
    for (;;) {
      const counts = await this.count(database, parts);
      const total = counts.reduce((sum, count) => sum + count, 0);
      if (total === 0) return undefined;
      const chosen = parts[indexAt(counts, below(total))]!;
      if (chosen.first === chosen.last) return chosen.first;
      parts = partsOf(chosen);
    }
  }

  #nearest({ first }: SlotRange, failed: ReadonlySet<NodeId>): NodeId {
    const { view } = this.#cluster;
    const ids = view.replicasOf(Math.min(first, SLOT_COUNT - 1)).map(({ id }) => id);
    if (ids.includes(view.self.id)) return view.self.id;
    const [nearest] = ids
      .filter((id) => view.isUp(id) && !failed.has(id))
      .sort((a, b) => view.distanceTo(a) - view.distanceTo(b));
    if (nearest !== undefined) return nearest;
    throw new StoreError("QUORUM_UNAVAILABLE", "not-applied", `no replica of slot ${first} is up`);
  }

  async #countAt(id: NodeId, database: number, ranges: readonly SlotRange[]): Promise<readonly number[]> {
    const { self, view, calls } = this.#cluster;
    if (id === self.id) return this.#localKeys.count({ database, ranges });
    const payload = encodeCountRows({ epoch: view.epoch, database, ranges });
    return decodeCountsAnswer(
      await calls.call(id, DOOR_METHOD.countRows, payload, { timeoutMs: TIMEOUT_MS }),
    );
  }
}

/** In which count the item of that number lies, if they are numbered one count after the other. */
function indexAt(counts: readonly number[], number: number): number {
  let index = 0;
  for (let rest = number; rest >= counts[index]!; index++) rest -= counts[index]!;
  return index;
}

function partsOf({ first, last }: SlotRange): readonly SlotRange[] {
  const size = Math.ceil((last - first + 1) / PARTS);
  const parts: SlotRange[] = [];
  for (let at = first; at <= last; at += size) parts.push({ first: at, last: Math.min(last, at + size - 1) });
  return parts;
}
