/**
 * Walks all keys of a database of the cluster in slot order. Of each range of slots as many replicas are asked as the read
 * level says, and what they show is put together: a key that is there all the while is met exactly once, also if one of
 * them has missed its write. A key that not all of them show is looked up before it is shown: it may have been deleted.
 */
import { StoreError } from "../../base/errors.ts";
import { mapBounded } from "../../base/map-bounded.ts";
import { DOOR_METHOD } from "../../replication/forward-message.ts";
import {
  missingMachines,
  type Participant,
  type QuorumNeed,
  quorumNeed,
} from "../../replication/quorum-need.ts";
import { decodeKeysAnswer, encodeWalkKeys, type KeysAnswer } from "../../replication/sweep-message.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";
import { POSITION_COUNT } from "../../storage/row-key.ts";
import { latin1 } from "../arguments.ts";
import type { ClusterKeys } from "./cluster-keys.ts";
import { type AskedLevels, levelsFor } from "./consistency.ts";
import { type LocalKeys, placeOf } from "./local-keys.ts";
import type { ServedCluster } from "./served-cluster.ts";
import { type ReplicatedRange, replicatedRanges } from "./slot-ranges.ts";

export interface KeySweepParts {
  readonly cluster: ServedCluster;
  readonly keys: ClusterKeys;
  readonly localKeys: LocalKeys;
}

export interface SweepStep {
  readonly database: number;
  /** A place of a KeyWalk. */
  readonly from: number;
  /** Rows that each replica looks at, about. */
  readonly rowsMax: number;
  readonly asked: AskedLevels;
}

export const PLACES_END = SLOT_COUNT * POSITION_COUNT;
const TIMEOUT_MS = 4_000;
const ROWS_AT_ONCE = 2_000;
const RANGES_AT_ONCE = 8;
const LOOKUPS_AT_ONCE = 64;

interface RangeWalk {
  readonly range: ReplicatedRange;
  readonly step: SweepStep;
  readonly to: number;
}

export class KeySweep {
  readonly #parts: KeySweepParts;
  #ranges: readonly ReplicatedRange[] = [];
  #epoch = -1;

  constructor(parts: KeySweepParts) {
    this.#parts = parts;
  }

  /** Of the present topology. */
  get ranges(): readonly ReplicatedRange[] {
    const { view } = this.#parts.cluster;
    if (this.#epoch !== view.epoch) {
      this.#epoch = view.epoch;
      this.#ranges = replicatedRanges(view);
    }
    return this.#ranges;
  }

  /** Some keys from a place on, and where to go on: as far as the same nodes keep all slots. Rejects with StoreError. */
  async walk(step: SweepStep): Promise<KeysAnswer> {
    const slot = Math.floor(step.from / POSITION_COUNT);
    const rest = this.ranges.filter(({ last }) => last >= slot);
    const [range] = rest;
    if (range === undefined) return { place: PLACES_END, keys: [] };
    const nextAt = rest.findIndex((other) => !haveSameReplicas(other, range));
    const { last } = nextAt === -1 ? rest.at(-1)! : rest[nextAt - 1]!;
    return this.#walkRange({ range: { ...range, last }, step, to: (last + 1) * POSITION_COUNT });
  }

  /** Shows `visit` all keys, some at a time, in no order, and waits for it. Rejects with StoreError. */
  async walkAll(
    { database, asked }: Pick<SweepStep, "database" | "asked">,
    visit: (keys: readonly Uint8Array[]) => Promise<void> | void,
  ): Promise<void> {
    await mapBounded(this.ranges, RANGES_AT_ONCE, async (range) => {
      const to = (range.last + 1) * POSITION_COUNT;
      for (let from = range.first * POSITION_COUNT; from < to; ) {
        const step = { database, from, rowsMax: ROWS_AT_ONCE, asked };
        const { place, keys } = await this.#walkRange({ range, step, to });
        await visit(keys);
        from = place;
      }
    });
  }

  async #walkRange(walk: RangeWalk): Promise<KeysAnswer> {
    const answers = await this.#ask(walk);
    const place = Math.min(...answers.map((answer) => answer.place));
    const shown = new Map<string, { readonly key: Uint8Array; count: number }>();
    for (const { keys } of answers) {
      for (const key of keys) {
        const name = latin1(key);
        const known = shown.get(name);
        if (known !== undefined) known.count++;
        else if (placeOf(key) < place) shown.set(name, { key, count: 1 });
      }
    }
    const all = [...shown.values()];
    const { database, asked } = walk.step;
    const isThere = await mapBounded(all, LOOKUPS_AT_ONCE, async ({ key, count }) => {
      if (count === answers.length) return true;
      const [view] = await this.#parts.keys.views([{ database, key }], asked);
      return view!.value !== undefined;
    });
    return { place, keys: all.filter((_, i) => isThere[i]).map(({ key }) => key) };
  }

  /** Answers of enough replicas: the nearest first, others in place of those that fail. */
  async #ask(walk: RangeWalk): Promise<readonly KeysAnswer[]> {
    const need = this.#needOf(walk);
    const waiting = this.#nearestFirst(walk.range.replicas);
    const answered: Participant[] = [];
    const answers: KeysAnswer[] = [];
    let failure: unknown;
    while (missingMachines(need, answered) > 0) {
      const asked = takeEnough(waiting, need, answered);
      if (asked === undefined) throw tooFew(walk, failure);
      const results = await Promise.allSettled(asked.map(({ id }) => this.#walkAt(id, walk)));
      results.forEach((result, i) => {
        if (result.status === "fulfilled") {
          answered.push(asked[i]!);
          answers.push(result.value);
        } else if (result.reason instanceof StoreError) failure = result.reason;
        else throw result.reason;
      });
    }
    return answers;
  }

  #needOf({ range, step }: RangeWalk): QuorumNeed {
    const { topology, self } = this.#parts.cluster;
    const { read } = levelsFor(topology, undefined, step.asked);
    const result = quorumNeed(read, range.replicas, self.datacenter);
    if (result.kind === "need") return result.need;
    throw new StoreError("QUORUM_UNAVAILABLE", "not-applied", result.reason);
  }

  #nearestFirst(replicas: readonly Participant[]): Participant[] {
    const { view } = this.#parts.cluster;
    return replicas
      .filter(({ id }) => view.isUp(id))
      .sort((a, b) => this.#distanceTo(a.id) - this.#distanceTo(b.id));
  }

  #distanceTo(id: NodeId): number {
    const { view } = this.#parts.cluster;
    return id === view.self.id ? -1 : view.distanceTo(id);
  }

  async #walkAt(id: NodeId, { step, to }: RangeWalk): Promise<KeysAnswer> {
    const { cluster, localKeys } = this.#parts;
    const { database, from, rowsMax } = step;
    if (id === cluster.self.id) return localKeys.walk({ database, from, to, rowsMax });
    const payload = encodeWalkKeys({ epoch: cluster.view.epoch, database, from, to, rowsMax });
    const options = { timeoutMs: TIMEOUT_MS };
    return decodeKeysAnswer(await cluster.calls.call(id, DOOR_METHOD.walkKeys, payload, options));
  }
}

/** In whatever order: who is asked first is the nearest. */
function haveSameReplicas(a: ReplicatedRange, b: ReplicatedRange): boolean {
  const ids = new Set(a.replicas.map(({ id }) => id));
  return ids.size === b.replicas.length && b.replicas.every(({ id }) => ids.has(id));
}

/** Takes as many of those waiting as would meet the need; undefined if they are too few. */
function takeEnough(
  waiting: Participant[],
  need: QuorumNeed,
  answered: readonly Participant[],
): readonly Participant[] | undefined {
  const taken: Participant[] = [];
  while (missingMachines(need, [...answered, ...taken]) > 0) {
    const next = waiting.shift();
    if (next === undefined) return undefined;
    taken.push(next);
  }
  return taken;
}

function tooFew({ range }: RangeWalk, cause: unknown): StoreError {
  const why = cause instanceof StoreError ? `: ${cause.message}` : "";
  const text = `too few replicas of slots ${range.first} to ${range.last} are up to show their keys${why}`;
  return new StoreError("QUORUM_UNAVAILABLE", "not-applied", text, { cause });
}
