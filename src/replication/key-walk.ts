/**
 * Walks the live keys of one database in row order, so many rows at a time: for SCAN and all that looks at every
 * key. Nothing is kept between two steps but the place to go on from:
 *
 *   place = slot * 65536 + position     0: from the beginning; PLACES_END: nothing is left
 *
 * Keys of one place are always met in one step. So a key that is there from the first step to the last is met
 * exactly once, whatever else comes and goes.
 */
import type { Awaitable } from "../base/awaitable.ts";
import { hasLiveContent } from "../causality/encoded-cell.ts";
import { SLOT_COUNT } from "../ring/slot.ts";
import {
  databaseOfRow,
  keyRange,
  POSITION_COUNT,
  positionOfRow,
  scanStart,
  slotOfRow,
} from "../storage/row-key.ts";
import type { RowIterator, StorageEngine } from "../storage/storage-engine.ts";

export const PLACES_END = SLOT_COUNT * POSITION_COUNT;
/** So many rows of other databases are passed one by one before they are jumped over: a jump costs as much. */
const PASSED_MAX = 32;
/** Rows of other databases, passed and jumped over, after which a step stops where it is. */
const STRANGERS_MAX = 32_000;

export interface WalkStep {
  readonly database: number;
  /** Place to begin at. */
  readonly from: number;
  /** Rows to look at; a step may look at some more, of the last one's place. */
  readonly rowsMax: number;
  readonly wallMs: number;
}

/** Given the key as `bytes[start, end)`, which are the engine's: copy what is to be kept. */
export type KeyVisitor = (bytes: Uint8Array, start: number, end: number) => void;

/** Shows `visit` every live key on its way. Resolves to the place to go on from. */
export function walkKeys(
  engine: Pick<StorageEngine, "scan">,
  step: WalkStep,
  visit: KeyVisitor,
): Awaitable<number> {
  return step.from >= PLACES_END ? PLACES_END : new KeyWalk(engine, step, visit).run();
}

class KeyWalk {
  readonly #engine: Pick<StorageEngine, "scan">;
  readonly #step: WalkStep;
  readonly #visit: KeyVisitor;
  #rows: RowIterator;
  #rowsLeft: number;
  #strangersLeft = STRANGERS_MAX;
  #passedInTurn = 0;
  #place = -1;

  constructor(engine: Pick<StorageEngine, "scan">, step: WalkStep, visit: KeyVisitor) {
    this.#engine = engine;
    this.#step = step;
    this.#visit = visit;
    this.#rowsLeft = step.rowsMax;
    this.#rows = this.#rowsFrom(step.from);
  }

  run(): Awaitable<number> {
    let end: Awaitable<number>;
    try {
      end = this.#advance();
    } catch (cause) {
      this.#rows.close();
      throw cause;
    }
    if (end instanceof Promise) return end.finally(() => this.#rows.close());
    this.#rows.close();
    return end;
  }

  #advance(): Awaitable<number> {
    for (;;) {
      const found = this.#rows.next();
      if (found instanceof Promise) return found.then((isThere) => this.#take(isThere) ?? this.#advance());
      const end = this.#take(found);
      if (end !== undefined) return end;
    }
  }

  /** Deals with the row the iterator stands at. The place to go on from, if the step ends before it. */
  #take(isThere: boolean): number | undefined {
    return isThere ? this.#takeRow() : PLACES_END;
  }

  #takeRow(): number | undefined {
    const { bytes, start } = this.#rows.key;
    const slot = slotOfRow(bytes, start);
    const database = databaseOfRow(bytes, start);
    if (database !== this.#step.database) {
      return this.#pass((database < this.#step.database ? slot : slot + 1) * POSITION_COUNT);
    }
    this.#passedInTurn = 0;
    const place = slot * POSITION_COUNT + positionOfRow(bytes, start);
    if (this.#rowsLeft <= 0 && place !== this.#place) return place;
    this.#rowsLeft--;
    this.#place = place;
    if (hasLiveContent(this.#rows.cell, this.#step.wallMs)) {
      const key = keyRange(bytes, start);
      this.#visit(bytes, key.start, key.end);
    }
    return undefined;
  }

  /** Goes on behind a row of another database; `place` is where the next one of this may be. */
  #pass(place: number): number | undefined {
    if (place >= PLACES_END || this.#strangersLeft-- <= 0) return Math.min(place, PLACES_END);
    if (++this.#passedInTurn <= PASSED_MAX) return undefined;
    this.#passedInTurn = 0;
    this.#strangersLeft -= PASSED_MAX;
    this.#rows.close();
    this.#rows = this.#rowsFrom(place);
    return undefined;
  }

  #rowsFrom(place: number): RowIterator {
    const slot = Math.floor(place / POSITION_COUNT);
    return this.#engine.scan(scanStart(slot, this.#step.database, place % POSITION_COUNT), undefined);
  }
}
