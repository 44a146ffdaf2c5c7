/**
 * Brings rows to the engine that they shall be in: into annexes that are being filled, out of those that are being
 * emptied. Rows in use stay for a later pass: whoever has read one may be about to say what he supersedes.
 *
 * Invariant: a row goes in one turn: it is put where it shall be, and then dropped where it was.
 *
 * What a crash meanwhile takes is what is in memory at that moment, and nothing that the disk had promised to keep:
 *
 *   to the disk   a row's put is in the log before the row leaves memory. Which puts are durable the policy says; a crash takes
 *                 the rest, as it would have taken the rows from memory. Once none is left there and all puts are
 *                 synced, the list on disk (AnnexKeeper) says so: from then on a crash takes nothing.
 *   to memory     a row has left the disk from when it is in memory, for good: its drop is in the log, and the list on disk tells that
 *                 rows may be missing. So whoever starts again knows nothing of what he has seen, is another actor, and is given
 *                 the row by other replicas. An older cell never comes back over a newer one: if a drop was not synced, the
 *                 old cell is there again, and the newer ones of others supersede it; who claims to have seen a deletion has
 *                 synced the drop first (Collector). All replicas that stop at once lose what has left their disks:
 *                 that is what memory means, and keeping both copies until the last row has gone would put it off by that much.
 */
import type { ByteRange } from "../../base/bytes.ts";
import type { MemoryEngine } from "../memory/memory-engine.ts";
import { OWN_DATABASE, RowKey } from "../row-key.ts";
import type { StorageEngine } from "../storage-engine.ts";
import type { Annex } from "./annex.ts";

const NO_BYTES = new Uint8Array(0);

export interface RowCarrierParts {
  readonly main: StorageEngine;
  readonly annexes: () => readonly Annex[];
  readonly annexOf: (key: RowKey) => Annex | undefined;
  readonly isInUse: (rowKeyHash: number) => boolean;
  /** Told of every row that goes, with its cell. */
  readonly note: (key: RowKey, cell: ByteRange) => void;
  readonly nothing: ByteRange;
  readonly hashSeed: number;
}

/** A walk through all rows of the main engine. */
interface Pass {
  /** Rows below have been looked at. */
  from: Uint8Array;
  /** Some row could not be carried. */
  hasLeft: boolean;
  /** Settled if none was left. */
  readonly annexes: readonly Annex[];
}

export class RowCarrier {
  readonly #parts: RowCarrierParts;
  readonly #key: RowKey;
  readonly #present: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  /** Writes that take their time: they go where their rows were when they began. */
  readonly #writes = new Set<Promise<void>>();
  #clearings = 0;
  /** By its hash, the row that is being read to be carried, while nobody has written it. */
  #reading: number | undefined;
  #pass: Pass | undefined;

  constructor(parts: RowCarrierParts) {
    this.#parts = parts;
    this.#key = new RowKey(parts.hashSeed);
  }

  /** The annexes are others now. */
  begin(): void {
    this.#pass = undefined;
  }

  /** No pass begins before the write is over. */
  follow(write: Promise<void>): Promise<void> {
    this.#writes.add(write);
    const end = (): boolean => this.#writes.delete(write);
    write.then(end, end);
    return write;
  }

  /** Nothing is carried before it is over: a row that is put meanwhile might be put late. */
  followClearing(clearing: Promise<void>): Promise<void> {
    this.#clearings++;
    this.#reading = undefined;
    return clearing.finally(() => {
      this.#clearings--;
    });
  }

  /** True if what the row has is to be carried: it must not be dropped. */
  reads(rowKeyHash: number): boolean {
    return this.#reading === rowKeyHash;
  }

  /** The row is written. */
  onPut(rowKeyHash: number): void {
    if (this.#reading === rowKeyHash) this.#reading = undefined;
  }

  isEmpty(engine: MemoryEngine): boolean {
    for (let database = 0; database < OWN_DATABASE; database++) {
      if (engine.counts(database).rows > 0) return false;
    }
    return true;
  }

  /** Looks at about so many rows. Rejects with StoreError if the main engine refuses a row for the time being. */
  async step(rowsMax: number): Promise<void> {
    if (this.#clearings > 0) return;
    for (const annex of this.#parts.annexes()) if (annex.stage === "emptying") this.#empty(annex, rowsMax);
    const filling = this.#parts.annexes().filter(({ stage }) => stage === "filling");
    if (filling.length === 0) return;
    if (this.#pass === undefined) {
      const pass: Pass = { from: NO_BYTES, hasLeft: false, annexes: filling };
      this.#pass = pass;
      await Promise.allSettled(this.#writes); // told to whoever asked for them
    }
    const pass = this.#pass; // none if the annexes have become others meanwhile
    if (pass !== undefined) await this.#walk(pass, rowsMax);
  }

  async #walk(pass: Pass, rowsMax: number): Promise<void> {
    const rows = this.#parts.main.scan(pass.from, undefined);
    const key = new RowKey(this.#parts.hashSeed);
    try {
      for (let count = 0; count < rowsMax && this.#pass === pass; count++) {
        const moved = rows.next();
        if (!(typeof moved === "boolean" ? moved : await moved)) {
          this.#end(pass);
          return;
        }
        const { bytes, start, end } = rows.key;
        key.load(bytes, start, end);
        pass.from = keyAfter(bytes, start, end);
        if (this.#parts.annexOf(key)?.stage === "filling" && !(await this.#bringIn(key))) pass.hasLeft = true;
      }
    } finally {
      rows.close();
    }
  }

  #end(pass: Pass): void {
    if (this.#pass !== pass) return;
    this.#pass = undefined;
    if (pass.hasLeft) return;
    for (const annex of pass.annexes) if (annex.stage === "filling") annex.stage = "settled";
  }

  /** False if the row stays in the main engine for now. */
  async #bringIn(key: RowKey): Promise<boolean> {
    const { main, annexOf, isInUse } = this.#parts;
    const isFree = (): boolean =>
      annexOf(key)?.stage === "filling" && this.#clearings === 0 && !isInUse(key.hash);
    if (!isFree()) return false;
    const found = main.get(key, this.#present, false);
    if (typeof found === "boolean") {
      if (found) this.#move(annexOf(key)!.engine, key);
      return true;
    }
    this.#reading = key.hash;
    try {
      const isThere = await found;
      if (this.#reading === undefined || !isFree()) return false; // written, or somebody is about to
      if (isThere) this.#move(annexOf(key)!.engine, key);
      return true;
    } finally {
      this.#reading = undefined;
    }
  }

  /** `#present` is the row's cell in the main engine. */
  #move(annex: MemoryEngine, key: RowKey): void {
    const { main, note, nothing } = this.#parts;
    main.reserve?.(1, key.length + nothing.end);
    note(key, this.#present);
    annex.put(key, this.#present, undefined, true);
    void main.put(key, nothing, this.#present); // at once: what it supersedes is told
  }

  #empty({ engine }: Annex, rowsMax: number): void {
    const { main, isInUse, note, nothing } = this.#parts;
    const rows = engine.scan(NO_BYTES, undefined);
    for (let count = 0; count < rowsMax && rows.next(); count++) {
      this.#key.load(rows.key.bytes, rows.key.start, rows.key.end);
      if (isInUse(this.#key.hash)) continue;
      const { bytes, start, end } = rows.cell;
      const cell = { bytes: bytes.slice(start, end), start: 0, end: end - start };
      void main.put(this.#key, cell, undefined, true); // there is none that it could supersede
      note(this.#key, cell);
      engine.put(this.#key, nothing);
    }
  }
}

/** The least row key that may come after this one. */
function keyAfter(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const after = new Uint8Array(end - start + 1);
  after.set(bytes.subarray(start, end));
  return after;
}
