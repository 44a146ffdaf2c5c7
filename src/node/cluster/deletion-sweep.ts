/**
 * Goes through the rows of some slots, some at a time with rests between, and looks for deletions: marks them in one round,
 * and in a later one asks whether those that are still the same may go.
 */
import { hashNumber, type RowHash } from "../../anti-entropy/row-span.ts";
import { decodeCell } from "../../causality/cell-codec.ts";
import { isDeletedCell } from "../../causality/encoded-cell.ts";
import type { VersionVector } from "../../causality/version-vector.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";
import type { Clock } from "../../runtime/runtime.ts";
import type { Hash64 } from "../../storage/lsm/table/byte-hash.ts";
import { hashVersion } from "../../storage/lsm/table/version-hash.ts";
import { databaseOfRow, keyRange, OWN_DATABASE, scanStart, slotOfRow } from "../../storage/row-key.ts";
import type { StorageEngine } from "../../storage/storage-engine.ts";
import { cellTraits } from "../cell-rules.ts";

export interface FoundDeletion {
  readonly slot: number;
  readonly database: number;
  readonly key: Uint8Array;
  readonly cell: Uint8Array;
  readonly hash: RowHash;
  readonly context: VersionVector;
  /** It has been here at least since then, unchanged; infinite where that is not known. */
  readonly markedMs: number;
}

export interface SweepRound {
  readonly isOver: () => boolean;
  readonly signal: AbortSignal;
  /** Whose deletions this node looks for. */
  readonly leads: (slot: number) => boolean;
  /** Told of what deletions say that may not go yet. */
  readonly onUncovered: (context: VersionVector) => void;
  readonly mayCollect: (found: FoundDeletion) => boolean;
  readonly collect: (rows: readonly FoundDeletion[]) => Promise<void>;
}

const SLICE_ROWS = 256;
/** Rest, in times what a slice took. */
const REST_FACTOR = 30;
const REST_MIN_MS = 5;
const REST_MAX_MS = 1_000;
const BETWEEN_ROUNDS_MS = 5_000;
/** After one that has found nothing, and ten times as long as it took. */
const AFTER_NOTHING_MS = 30_000;
/** Remembered from one round to the next; more deletions wait. */
const MARKS_MAX = 200_000;

export class DeletionSweep {
  readonly #engine: Pick<StorageEngine, "scan">;
  readonly #clock: Pick<Clock, "monotonicMs" | "sleep">;
  /** Since when each deletion has been here, as far as this was seen. */
  #marks = new Map<RowHash, number>();
  #hasFound = false;
  readonly #hash: Hash64 = { low: 0, high: 0 };

  constructor({ engine, clock }: { engine: Pick<StorageEngine, "scan">; clock: SweepClock }) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** Resolves after it, and a rest. Rejects with StoreError, and when it is aborted. */
  async round(round: SweepRound): Promise<void> {
    const startedMs = this.#clock.monotonicMs();
    const marks = new Map<RowHash, number>();
    this.#hasFound = false;
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      if (!round.leads(slot)) continue;
      const first = slot;
      while (slot + 1 < SLOT_COUNT && round.leads(slot + 1)) slot++;
      await this.#span(round, first, slot + 1, marks);
    }
    if (round.isOver()) marks.clear();
    this.#marks = marks;
    const tookMs = this.#clock.monotonicMs() - startedMs;
    const restMs = this.#hasFound
      ? Math.max(BETWEEN_ROUNDS_MS, tookMs)
      : Math.max(AFTER_NOTHING_MS, 10 * tookMs);
    await this.#clock.sleep(restMs, round.signal);
  }

  async #span(round: SweepRound, first: number, end: number, marks: Map<RowHash, number>): Promise<void> {
    const { signal } = round;
    for (let from: Uint8Array | undefined = scanStart(first, 0, 0); from !== undefined; ) {
      if (round.isOver()) return;
      const startedMs = this.#clock.monotonicMs();
      const found: FoundDeletion[] = [];
      from = await this.#slice(from, scanStart(end, 0, 0), found);
      const ripe = found.filter((each) => this.#isRipe(round, each, marks));
      if (ripe.length > 0 && !round.isOver()) await round.collect(ripe);
      const restMs = REST_FACTOR * (this.#clock.monotonicMs() - startedMs);
      await this.#clock.sleep(Math.min(REST_MAX_MS, Math.max(REST_MIN_MS, restMs)), signal);
    }
  }

  #isRipe(round: SweepRound, found: FoundDeletion, marks: Map<RowHash, number>): boolean {
    const { hash, context, markedMs } = found;
    if (round.mayCollect(found)) return true;
    round.onUncovered(context);
    if (marks.size < MARKS_MAX) marks.set(hash, Math.min(markedMs, this.#clock.monotonicMs()));
    return false;
  }

  /** Resolves to where to go on; undefined at the end. */
  async #slice(from: Uint8Array, to: Uint8Array, found: FoundDeletion[]): Promise<Uint8Array | undefined> {
    const rows = this.#engine.scan(from, to);
    try {
      for (let left = SLICE_ROWS; ; left--) {
        const moved = rows.next();
        if (!(typeof moved === "boolean" ? moved : await moved)) return undefined;
        const { key, cell } = rows;
        if (left === 0) return key.bytes.slice(key.start, key.end);
        const database = databaseOfRow(key.bytes, key.start);
        if (database === OWN_DATABASE || !isDeletedCell(cell)) continue;
        this.#hasFound = true;
        hashVersion(this.#hash, key, cell, cellTraits);
        const name = keyRange(key.bytes, key.start);
        const hash = hashNumber(this.#hash);
        const bytes = cell.bytes.slice(cell.start, cell.end);
        found.push({
          slot: slotOfRow(key.bytes, key.start),
          database,
          key: key.bytes.slice(name.start, name.end),
          cell: bytes,
          hash,
          context: decodeCell(bytes).context,
          markedMs: this.#marks.get(hash) ?? Number.POSITIVE_INFINITY,
        });
      }
    } finally {
      rows.close();
    }
  }
}

type SweepClock = Pick<Clock, "monotonicMs" | "sleep">;
