/**
 * The cells of one engine, one by one: found by key, decoded, encoded. Within a transaction, reads are answered
 * from what it has pinned, and writes are not waited for.
 */
import { type Awaitable, allReady, whenReady } from "../base/awaitable.ts";
import type { ByteRange } from "../base/bytes.ts";
import { type Cell, EMPTY_CELL } from "../causality/cell.ts";
import { decodeCell, encodeCell } from "../causality/cell-codec.ts";
import { RowKey } from "../storage/row-key.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import type { Write } from "./cell-changer.ts";
import { PinnedCells } from "./pinned-cells.ts";
import type { KeyRef } from "./step.ts";
import { versionOf, type WatchBoard } from "./watch-board.ts";

const NO_BYTES = new Uint8Array(0);
/** A million of shorter ones are no danger. */
export const LONG_PAYLOAD_BYTES = 256;
/** A row key has one byte for the database. */
const DATABASE_NUMBERS = 256;

/** Runs a part of a transaction that awaits nothing: only within it do steps see the transaction's cells. */
export type Within = <T>(part: () => T) => T;

/** All `database` here are physical. */
export class CellStore {
  readonly #engine: StorageEngine;
  readonly #watchBoard: WatchBoard;
  readonly #rowKey: RowKey;
  readonly #transactions = new Set<PinnedCells>();
  /** Of the transaction whose part is being run, if any. */
  #pins: PinnedCells | undefined;
  #clearCount = 0;

  constructor(engine: StorageEngine, watchBoard: WatchBoard, hashSeed: number) {
    this.#engine = engine;
    this.#watchBoard = watchBoard;
    this.#rowKey = new RowKey(hashSeed);
  }

  /** True while a part of a transaction is being run. */
  get isPinned(): boolean {
    return this.#pins !== undefined;
  }

  /** Grows with every `clear`: what was read before is no more. */
  get clearCount(): number {
    return this.#clearCount;
  }

  hashOf({ database, key }: KeyRef): number {
    this.#rowKey.encode(database, key, 0, key.length);
    return this.#rowKey.hash;
  }

  /** The payloads may be the engine's: valid until its next call, except after an await. */
  load(ref: KeyRef, touch: boolean): Awaitable<Cell | undefined> {
    if (this.#pins?.has(ref)) return this.#pins.get(ref);
    this.#rowKey.encode(ref.database, ref.key, 0, ref.key.length);
    const range: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
    const found = this.#engine.get(this.#rowKey, range, touch);
    const decode = (isThere: boolean): Cell | undefined =>
      isThere ? decodeCell(range.bytes, range.start, range.end) : undefined;
    return found instanceof Promise ? found.then((isThere) => copyOf(decode(isThere))) : decode(found);
  }

  /** False only if there surely is no such key. */
  mayBeLive(ref: KeyRef, wallMs: number): boolean {
    const cell = this.load(ref, false);
    if (!(cell instanceof Promise)) return versionOf(cell, wallMs) !== "";
    cell.catch(() => undefined); // whoever reads the key next is told
    return true;
  }

  /**
   * Payloads are the caller's own: the next read may invalidate what one gives. Each key is read and copied once,
   * however often it is named, so that a short request cannot ask for more memory or reading than there is.
   */
  loadAll(refs: readonly KeyRef[], touch: boolean): Awaitable<readonly (Cell | undefined)[]> {
    const cells = new Map<string, Awaitable<Cell | undefined>>();
    const loaded = refs.map((ref) => {
      const id = idOf(ref);
      if (!cells.has(id)) cells.set(id, whenReady(this.load(ref, touch), copyOf));
      return cells.get(id) as Awaitable<Cell | undefined>;
    });
    return allReady(loaded);
  }

  /** `before` is the key's present cell. `insists`: also where there is no room for more. */
  store(ref: KeyRef, cell: Cell, before: Cell | undefined, insists: boolean): Awaitable<void> {
    // An encoding is canonical: it is what the engine has.
    const superseded =
      before === undefined || !this.#engine.usesSuperseded ? undefined : rangeOf(encodeCell(before));
    this.#rowKey.encode(ref.database, ref.key, 0, ref.key.length);
    const write = this.#engine.put(this.#rowKey, rangeOf(encodeCell(cell)), superseded, insists);
    this.#watchBoard.noteWrite(this.#rowKey.hash);
    if (this.#pins === undefined) return write;
    if (this.#pins.has(ref)) this.#pins.set(ref, cell);
    if (write instanceof Promise) this.#pins.addWrite(write);
    return undefined;
  }

  /** All or none: a write that finds no room takes those before it back. What gives up a key finds room for another. */
  storeAll(writes: readonly Write[]): Awaitable<unknown> {
    const insists = writes.some(({ cell }) => cell.siblings.length === 0);
    const stored: Awaitable<void>[] = [];
    try {
      for (const { ref, cell, before } of writes) stored.push(this.store(ref, cell, before, insists));
    } catch (cause) {
      for (const { ref, cell, before } of writes.slice(0, stored.length).reverse()) {
        void this.store(ref, before ?? EMPTY_CELL, cell, true);
      }
      throw cause;
    }
    return allReady(stored);
  }

  clear(database: number | undefined): Awaitable<void> {
    this.noteClear(database);
    return this.#engine.clear(database);
  }

  /** As `clear`, of a database that has another number now; the rows of the old one are no concern of this. */
  noteClear(database: number | undefined, renumbered = database): void {
    this.#clearCount++;
    this.#pins?.clear(database, renumbered);
    for (const pins of this.#transactions) pins.clear(database, renumbered);
  }

  /** True if no other database has rows. */
  isOnly(database: number): boolean {
    for (let other = 0; other < DATABASE_NUMBERS; other++) {
      if (other !== database && this.#engine.counts(other).rows > 0) return false;
    }
    return true;
  }

  /**
   * Runs a transaction on keys whose cells `loadAll` has just read. Requires: nobody else writes them until the
   * result is there, which is when all that the transaction wrote is written.
   */
  runPinned<R>(
    refs: readonly KeyRef[],
    cells: readonly (Cell | undefined)[],
    body: (within: Within) => Awaitable<R>,
  ): Awaitable<R> {
    const pins = new PinnedCells();
    refs.forEach((ref, i) => {
      pins.set(ref, cells[i]);
    });
    const result = body((part) => this.#runPart(pins, part));
    return result instanceof Promise || pins.isWriting ? this.#settle(pins, result) : result;
  }

  async #settle<R>(pins: PinnedCells, result: Awaitable<R>): Promise<R> {
    this.#transactions.add(pins);
    try {
      const settled = await result;
      await pins.settled();
      return settled;
    } finally {
      this.#transactions.delete(pins);
    }
  }

  #runPart<T>(pins: PinnedCells, part: () => T): T {
    this.#pins = pins;
    try {
      return part();
    } finally {
      this.#pins = undefined;
    }
  }
}

function rangeOf(bytes: Uint8Array): ByteRange {
  return { bytes, start: 0, end: bytes.length };
}

function idOf({ database, key }: KeyRef): string {
  return `${database}:${Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1")}`;
}

/** A cell whose payloads outlive the engine's next call. */
export function copyOf(cell: Cell | undefined): Cell | undefined {
  if (cell === undefined) return undefined;
  const siblings = cell.siblings.map((sibling) =>
    sibling.kind === "value" ? { ...sibling, payload: sibling.payload.slice() } : sibling,
  );
  return { ...cell, siblings };
}
