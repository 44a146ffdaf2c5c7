/**
 * Many keys of one request, worked on where they lie in it, one after the other: a million of them as objects would
 * take seconds and gigabytes. Only where nothing can come between: on an engine that answers at once, while nobody
 * holds any key; or where all of these keys are free and at hand.
 */

import type { ByteRange } from "../base/bytes.ts";
import { NEVER } from "../causality/cell.ts";
import { COMPACT_HEADER_BYTES_MAX } from "../causality/compact-cell.ts";
import { KEY_BYTES_MAX } from "../storage/row-key.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import type { ExclusiveAccess } from "./exclusive-access.ts";
import type { KeyAtHand } from "./key-at-hand.ts";
import { ELSEWHERE, HIT, MISS, PEEK_BYTES_MAX } from "./key-at-hand.ts";
import type { RequestInPlace } from "./step.ts";
import { UndoLog } from "./undo-log.ts";

export interface KeysInPlaceParts {
  readonly engine: StorageEngine;
  readonly key: KeyAtHand;
  readonly access: ExclusiveAccess;
  readonly databases: { physicalOf(database: number): number };
}

/** More room for rows than that is not made at once. */
const ROOM_BYTES_MAX = 256 * 1024 * 1024;

/** With the number of its arguments; argument 0 is the command's name. */
export interface ManyInPlace extends RequestInPlace {
  readonly argCount: number;
}

export class KeysInPlace {
  readonly #engine: StorageEngine;
  readonly #key: KeyAtHand;
  readonly #access: ExclusiveAccess;
  readonly #databases: KeysInPlaceParts["databases"];
  readonly #undo = new UndoLog();
  /** What the rows of the keys looked at take at most, once they are changed. */
  #roomRows = 0;
  #roomBytes = 0;

  constructor({ engine, key, access, databases }: KeysInPlaceParts) {
    this.#engine = engine;
    this.#key = key;
    this.#access = access;
    this.#databases = databases;
  }

  /**
   * True if all keys may be seen as of one moment, and changed together: the arguments from the first on, each followed
   * by `step - 1` others. What is below requires it, asked just before of the same request.
   */
  isPossible(database: number, request: ManyInPlace, step = 1): boolean {
    if (this.#engine.isResident === true) return this.#access.isIdle;
    return this.#engine.getSync !== undefined && this.#areAtHand(database, request, step);
  }

  /** Deletes all keys that the arguments name; answers how many were there. Throws StoreError with nothing done. */
  remove(database: number, request: ManyInPlace, wallMs: number): number {
    this.#refuseLongKeys(request, 1);
    this.#makeRoom();
    let removed = 0;
    for (let i = 1; i < request.argCount; i++) {
      this.#find(database, request, i);
      if (!this.#isLive(wallMs)) continue;
      void this.#key.change({ kind: "delete" }, wallMs); // finds room whatever the limit
      removed++;
    }
    return removed;
  }

  /** Gives each key the value that is the argument after it. Throws StoreError with nothing done. */
  put(database: number, request: ManyInPlace, wallMs: number): void {
    this.#refuseLongKeys(request, 2);
    this.#makeRoom();
    const undo = this.#undo;
    let i = 1;
    try {
      for (; i < request.argCount; i += 2) {
        this.#find(database, request, i);
        this.#key.save(undo);
        this.#putOne(request, i + 1, wallMs);
      }
    } catch (cause) {
      for (; i > 0; i -= 2) {
        this.#find(database, request, i);
        this.#key.restore(undo);
      }
      throw cause;
    } finally {
      undo.clear();
    }
  }

  /**
   * Lets the key that the first argument names expire then, or not any more (NEVER): true if it was there and did not
   * yet expire that way. Before, `show` is shown its value, which is the engine's. Undefined, with nothing done, if the
   * general way must do it.
   */
  expire(
    database: number,
    request: ManyInPlace,
    expiresAtMs: number,
    wallMs: number,
    show?: (value: ByteRange) => void,
  ): boolean | undefined {
    this.#find(database, request, 1);
    const key = this.#key;
    const peeked = key.peek(wallMs);
    if (peeked === MISS) return false;
    if (peeked === ELSEWHERE || !key.isPlain) return undefined;
    show?.(key.value);
    if (expiresAtMs === NEVER && !key.expires) return false;
    this.#makeRoom();
    void key.expire(expiresAtMs, wallMs);
    return true;
  }

  /**
   * Gives the key that the first argument names the value that the second one is, if it is there or is not, as asked:
   * true if it was done. Undefined, with nothing done, if the general way must do it.
   */
  putIf(
    isThere: boolean,
    database: number,
    request: ManyInPlace,
    expiresAtMs: number,
    wallMs: number,
  ): boolean | undefined {
    const { bytes, starts, ends } = request;
    if (ends[2]! - starts[2]! > PEEK_BYTES_MAX) return undefined;
    this.#find(database, request, 1);
    const key = this.#key;
    const peeked = key.peek(wallMs);
    if (peeked === ELSEWHERE || !key.isPlain) return undefined;
    if ((peeked === HIT) !== isThere) return false;
    this.#makeRoom();
    void key.overwrite(bytes, starts[2]!, ends[2]!, expiresAtMs, wallMs);
    return true;
  }

  #areAtHand(database: number, { bytes, words, starts, ends, argCount }: ManyInPlace, step: number): boolean {
    const physical = this.#databases.physicalOf(database);
    const key = this.#key;
    this.#roomRows = 0;
    this.#roomBytes = 0;
    for (let i = 1; i < argCount; i += step) {
      const start = starts[i]!;
      if (ends[i]! - start > KEY_BYTES_MAX) return false;
      key.name(physical, bytes, start, ends[i]!, words);
      if (!this.#access.isFree(key.hash)) return false;
      const later = key.find(false);
      if (later !== undefined) {
        later.catch(() => undefined); // whoever reads it next is told
        return false;
      }
      this.#roomRows++;
      this.#roomBytes += key.rowBytes + COMPACT_HEADER_BYTES_MAX + ends[i + step - 1]! - start;
    }
    return this.#roomBytes <= ROOM_BYTES_MAX;
  }

  #makeRoom(): void {
    if (this.#engine.isResident !== true) this.#engine.reserve?.(this.#roomRows, this.#roomBytes);
  }

  #putOne({ bytes, starts, ends }: ManyInPlace, valueAt: number, wallMs: number): void {
    const key = this.#key;
    const [start, end] = [starts[valueAt]!, ends[valueAt]!];
    if (key.isPlain) void key.overwrite(bytes, start, end, NEVER, wallMs);
    else void key.change({ kind: "put", value: bytes.subarray(start, end), expiresAtMs: NEVER }, wallMs);
  }

  #isLive(wallMs: number): boolean {
    const peeked = this.#key.peek(wallMs);
    return peeked === HIT || (peeked === ELSEWHERE && this.#key.view(wallMs, false).value !== undefined);
  }

  #find(database: number, { bytes, words, starts, ends }: ManyInPlace, i: number): void {
    this.#key.name(this.#databases.physicalOf(database), bytes, starts[i]!, ends[i]!, words);
    this.#key.findAgain();
  }

  /** To name one is refused: better before anything is done. */
  #refuseLongKeys({ bytes, starts, ends, argCount }: ManyInPlace, step: number): void {
    for (let i = 1; i < argCount; i += step) {
      if (ends[i]! - starts[i]! > KEY_BYTES_MAX) this.#key.name(0, bytes, starts[i]!, ends[i]!);
    }
  }
}
