/**
 * Many keys of one request, worked on where they lie in it, one after the other: a million of them as objects would
 * take seconds and gigabytes. Only where nothing can come between: on an engine that answers at once, while nobody
 * holds any key.
 */
import { NEVER } from "../causality/cell.ts";
import { KEY_BYTES_MAX } from "../storage/row-key.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import type { ExclusiveAccess } from "./exclusive-access.ts";
import type { KeyAtHand } from "./key-at-hand.ts";
import { ELSEWHERE, HIT } from "./key-at-hand.ts";
import type { RequestInPlace } from "./step.ts";
import { UndoLog } from "./undo-log.ts";

export interface KeysInPlaceParts {
  readonly engine: StorageEngine;
  readonly key: KeyAtHand;
  readonly access: ExclusiveAccess;
  readonly databases: { physicalOf(database: number): number };
}

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

  constructor({ engine, key, access, databases }: KeysInPlaceParts) {
    this.#engine = engine;
    this.#key = key;
    this.#access = access;
    this.#databases = databases;
  }

  /** True while all keys may be seen as of one moment, and changed together. What is below requires it. */
  get isPossible(): boolean {
    return this.#engine.isResident === true && this.#access.isIdle;
  }

  /** Deletes all keys that the arguments name; answers how many were there. Throws StoreError with nothing done. */
  remove(database: number, request: ManyInPlace, wallMs: number): number {
    this.#refuseLongKeys(request, 1);
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

  #find(database: number, { bytes, starts, ends }: ManyInPlace, i: number): void {
    this.#key.name(this.#databases.physicalOf(database), bytes, starts[i]!, ends[i]!);
    void this.#key.find(false);
  }

  /** To name one is refused: better before anything is done. */
  #refuseLongKeys({ bytes, starts, ends, argCount }: ManyInPlace, step: number): void {
    for (let i = 1; i < argCount; i += step) {
      if (ends[i]! - starts[i]! > KEY_BYTES_MAX) this.#key.name(0, bytes, starts[i]!, ends[i]!);
    }
  }
}
