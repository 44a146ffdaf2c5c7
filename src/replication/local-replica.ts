/**
 * One node's own copy of the data: reads the present cell, runs a pure step on it, and stores the cell that
 * supersedes it, stamped with a dot and a hybrid time.
 *
 * Invariant: every write gets a dot that was never used before and covers exactly what its step saw.
 * Invariant: between a step's read and its write nothing else touches its keys: there is no await between
 * them, or the latch holds the keys.
 */
import { assert } from "../base/assert.ts";
import { type Awaitable, whenReady } from "../base/awaitable.ts";
import type { ByteRange } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import { type Cell, EMPTY_CELL, NEVER, type SeenContext, type ValueSibling } from "../causality/cell.ts";
import { decodeCell, encodeCell } from "../causality/cell-codec.ts";
import { liveAt, resolve } from "../causality/cell-value.ts";
import {
  changeExpiry,
  increment,
  overwrite,
  putWithContext,
  remove,
  removeWithContext,
} from "../causality/cell-write.ts";
import {
  COMPACT_HEADER_BYTES_MAX,
  compactExpiresAtMs,
  compactOverwriteHeaderBytes,
  compactPayloadStart,
  isCompact,
  writeCompactOverwrite,
} from "../causality/compact-cell.ts";
import { RowKey } from "../storage/row-key.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import { KeyLatch } from "./key-latch.ts";
import type { Stamper } from "./stamper.ts";

/** What a step sees of one key. The bytes are the engine's: copy what is to outlive the step. */
export interface KeyView {
  /** The newest value with every increment counted, or undefined if the key is absent, deleted or expired. */
  readonly value: Uint8Array | undefined;
  /** Wall time at which it expires; 0 if never. */
  readonly expiresAtMs: number;
  /** All that is known of the key: siblings and context. */
  readonly cell: Cell | undefined;
}

/** What a step wants done to its key. Without a context, a change covers all that the step saw. */
export type Change =
  | {
      readonly kind: "put";
      readonly value: Uint8Array;
      readonly expiresAtMs: number;
      readonly context?: SeenContext;
    }
  | { readonly kind: "delete"; readonly context?: SeenContext }
  | { readonly kind: "expire"; readonly expiresAtMs: number }
  | { readonly kind: "increment"; readonly by: bigint };

export interface Effect<R> {
  readonly reply: R;
  readonly change?: Change | undefined;
}

export interface ManyEffect<R> {
  readonly reply: R;
  /** `changes[i]` belongs to the i-th key, which keeps its cell where there is none. */
  readonly changes: readonly (Change | undefined)[];
}

export interface KeyRef {
  readonly database: number;
  readonly key: Uint8Array;
}

/** How `peek` answers. */
export const MISS = 0;
export const HIT = 1;
export const ELSEWHERE = 2;
export type Peek = typeof MISS | typeof HIT | typeof ELSEWHERE;

/** Longer values go the general way, where each call is timed alone. */
const PEEK_BYTES_MAX = 64 * 1024;
const NO_BYTES = new Uint8Array(0);

/** The arguments of SET in place: key and value are the second and third. */
export interface OverwriteRequest {
  readonly bytes: Uint8Array;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

export interface ReadOptions {
  readonly wallMs: number;
  /** False if the read is not to count as a use of the key. */
  readonly touch: boolean;
}

export interface ReplicaSettings {
  /** A versioned write that would leave more siblings than this is refused. */
  readonly siblingsMax: number;
}

export class LocalReplica {
  readonly #engine: StorageEngine;
  readonly #stamper: Stamper;
  readonly #settings: ReplicaSettings;
  readonly #latch = new KeyLatch();
  readonly #rowKey: RowKey;
  readonly #range: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  readonly #scratch: ByteRange = {
    bytes: new Uint8Array(COMPACT_HEADER_BYTES_MAX + PEEK_BYTES_MAX),
    start: 0,
    end: 0,
  };
  #hits = 0;
  #misses = 0;

  constructor(engine: StorageEngine, stamper: Stamper, hashSeed: number, settings: ReplicaSettings) {
    this.#engine = engine;
    this.#stamper = stamper;
    this.#settings = settings;
    this.#rowKey = new RowKey(hashSeed);
  }

  /** Reads that found a live key, and reads that did not, since the last reset. */
  get lookups(): { readonly hits: number; readonly misses: number } {
    return { hits: this.#hits, misses: this.#misses };
  }

  resetLookups(): void {
    this.#hits = 0;
    this.#misses = 0;
  }

  /**
   * Hot: points `into` at the value of `bytes[start, end)`. MISS if there is none; ELSEWHERE if the general
   * way must answer (siblings, increments, a long value, the disk).
   */
  peek(
    database: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    wallMs: number,
    into: ByteRange,
  ): Peek {
    this.#rowKey.encode(database, bytes, start, end);
    const found = this.#engine.get(this.#rowKey, into);
    if (found === false) {
      this.#misses++;
      return MISS;
    }
    if (found !== true || !isCompact(into.bytes, into.start, into.end)) return ELSEWHERE;
    if (into.end - into.start > PEEK_BYTES_MAX) return ELSEWHERE;
    const expiresAtMs = compactExpiresAtMs(into.bytes, into.start);
    if (expiresAtMs !== 0 && expiresAtMs <= wallMs) {
      this.#misses++;
      return MISS;
    }
    into.start = compactPayloadStart(into.bytes, into.start);
    this.#hits++;
    return HIT;
  }

  /**
   * Hot: a plain overwrite, whatever is there. False, with nothing done, if the general way must do it.
   * Requires: what `peek` requires, and a value within the limit.
   */
  overwrite(database: number, request: OverwriteRequest, expiresAtMs: number, wallMs: number): boolean {
    const { bytes, starts, ends } = request;
    const valueStart = starts[2]!;
    const valueLength = ends[2]! - valueStart;
    if (valueLength > PEEK_BYTES_MAX) return false;
    this.#rowKey.encode(database, bytes, starts[1]!, ends[1]!);
    if (this.#latch.holds(this.#rowKey.hash)) return false;
    const range = this.#range;
    const found = this.#engine.get(this.#rowKey, range, false);
    if (typeof found !== "boolean") return false;
    if (!found) range.end = range.start;
    const stamp = this.#stamper.compactStamp(wallMs, expiresAtMs);
    const headerBytes = compactOverwriteHeaderBytes(stamp, range.bytes, range.start, range.end);
    if (headerBytes === 0) return false;
    const scratch = this.#scratch;
    writeCompactOverwrite(scratch.bytes, 0, stamp, range.bytes, range.start, range.end);
    copyBytes(scratch.bytes, headerBytes, bytes, valueStart, valueLength);
    scratch.end = headerBytes + valueLength;
    const stored = this.#engine.put(this.#rowKey, scratch);
    assert(stored === undefined, "an engine that makes writers wait has no use for the fast path");
    return true;
  }

  read<R>(ref: KeyRef, { wallMs, touch }: ReadOptions, step: (view: KeyView) => R): Awaitable<R> {
    return whenReady(this.#load(ref, touch), (cell) => step(this.#countLookup(viewOf(cell, wallMs))));
  }

  readMany<R>(
    refs: readonly KeyRef[],
    { wallMs, touch }: ReadOptions,
    step: (views: KeyView[]) => R,
  ): Awaitable<R> {
    return whenReady(this.#loadAll(refs, touch), (cells) =>
      step(cells.map((cell) => this.#countLookup(viewOf(cell, wallMs)))),
    );
  }

  update<R>(ref: KeyRef, wallMs: number, step: (view: KeyView) => Effect<R>): Awaitable<R> {
    const apply = (cell: Cell | undefined): Awaitable<R> => {
      const own = copyOf(cell);
      const { reply, change } = step(viewOf(own, wallMs));
      if (change === undefined) return reply;
      return whenReady(this.#store(ref, this.#changed(own, change, wallMs)), () => reply);
    };
    if (this.#latch.holds(this.#hashOf(ref))) return this.#latched([ref], () => this.#load(ref, true), apply);
    const cell = this.#load(ref, true);
    return cell instanceof Promise ? this.#latched([ref], () => cell, apply) : apply(cell);
  }

  /** As `update`, of several keys at once. A key that is there twice sees one view, and its changes in order. */
  updateMany<R>(
    refs: readonly KeyRef[],
    wallMs: number,
    step: (views: KeyView[]) => ManyEffect<R>,
  ): Awaitable<R> {
    const apply = (cells: readonly (Cell | undefined)[]): Awaitable<R> => {
      const owned = cells.map(copyOf);
      const { reply, changes } = step(owned.map((cell) => viewOf(cell, wallMs)));
      return whenReady(this.#storeAll(refs, owned, changes, wallMs), () => reply);
    };
    const isHeld = refs.some((ref) => this.#latch.holds(this.#hashOf(ref)));
    if (isHeld) return this.#latched(refs, () => this.#loadAll(refs, true), apply);
    const cells = this.#loadAll(refs, true);
    return cells instanceof Promise ? this.#latched(refs, () => cells, apply) : apply(cells);
  }

  #hashOf({ database, key }: KeyRef): number {
    this.#rowKey.encode(database, key, 0, key.length);
    return this.#rowKey.hash;
  }

  #latched<C, R>(
    refs: readonly KeyRef[],
    load: () => Awaitable<C>,
    apply: (loaded: C) => Awaitable<R>,
  ): Promise<R> {
    return this.#latch.run(
      refs.map((ref) => this.#hashOf(ref)),
      async () => apply(await load()),
    );
  }

  #load({ database, key }: KeyRef, touch: boolean): Awaitable<Cell | undefined> {
    this.#rowKey.encode(database, key, 0, key.length);
    const range: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
    const found = this.#engine.get(this.#rowKey, range, touch);
    return whenReady(found, (isThere) =>
      isThere ? decodeCell(range.bytes, range.start, range.end) : undefined,
    );
  }

  #loadAll(refs: readonly KeyRef[], touch: boolean): Awaitable<readonly (Cell | undefined)[]> {
    const cells = refs.map((ref) => this.#load(ref, touch));
    return cells.some((cell) => cell instanceof Promise)
      ? Promise.all(cells)
      : (cells as (Cell | undefined)[]);
  }

  #changed(cell: Cell | undefined, change: Change, wallMs: number): Cell {
    const live = cell === undefined ? undefined : liveAt(cell, wallMs);
    switch (change.kind) {
      case "put":
        return this.#put(live, change, wallMs);
      case "delete":
        return change.context === undefined
          ? remove(live ?? EMPTY_CELL)
          : removeWithContext(live, change.context);
      case "expire":
        assert(live !== undefined, "only what is there can expire");
        return changeExpiry(live, this.#stamper.stamp(wallMs), change.expiresAtMs);
      case "increment":
        return increment(live, this.#stamper.stamp(wallMs).dot, change.by);
    }
  }

  #put(
    live: Cell | undefined,
    { value, expiresAtMs, context }: Change & { kind: "put" },
    wallMs: number,
  ): Cell {
    const { dot, hlc } = this.#stamper.stamp(wallMs);
    const sibling: ValueSibling = { kind: "value", dot, hlc, expiresAtMs, payload: value };
    if (context === undefined) return overwrite(live, sibling);
    const cell = putWithContext(live, context, sibling);
    if (cell.siblings.length > this.#settings.siblingsMax) {
      const text = `the key would have more than ${this.#settings.siblingsMax} siblings: read and merge them first`;
      throw new StoreError("TOO_MANY_SIBLINGS", "not-applied", text);
    }
    return cell;
  }

  #store({ database, key }: KeyRef, cell: Cell): Awaitable<void> {
    const bytes = encodeCell(cell);
    this.#rowKey.encode(database, key, 0, key.length);
    return this.#engine.put(this.#rowKey, { bytes, start: 0, end: bytes.length });
  }

  #storeAll(
    refs: readonly KeyRef[],
    cells: readonly (Cell | undefined)[],
    changes: readonly (Change | undefined)[],
    wallMs: number,
  ): Awaitable<unknown> {
    const latest = new Map<string, Cell>();
    const stored: Awaitable<void>[] = [];
    refs.forEach((ref, i) => {
      const change = changes[i];
      if (change === undefined) return;
      const id = `${ref.database}:${Buffer.from(ref.key).toString("latin1")}`;
      const cell = this.#changed(latest.get(id) ?? cells[i], change, wallMs);
      latest.set(id, cell);
      stored.push(this.#store(ref, cell));
    });
    return stored.some((put) => put instanceof Promise) ? Promise.all(stored) : undefined;
  }

  #countLookup(view: KeyView): KeyView {
    if (view.value === undefined) this.#misses++;
    else this.#hits++;
    return view;
  }
}

/** A cell whose payloads outlive the engine's next write. */
function copyOf(cell: Cell | undefined): Cell | undefined {
  if (cell === undefined) return undefined;
  const siblings = cell.siblings.map((sibling) =>
    sibling.kind === "value" ? { ...sibling, payload: sibling.payload.slice() } : sibling,
  );
  return { ...cell, siblings };
}

function viewOf(cell: Cell | undefined, wallMs: number): KeyView {
  const newest = cell === undefined ? undefined : resolve(cell, wallMs);
  if (newest === undefined) return { value: undefined, expiresAtMs: NEVER, cell };
  return { value: newest.payload, expiresAtMs: newest.expiresAtMs, cell };
}

/** For short runs a loop beats a call into the runtime. */
function copyBytes(target: Uint8Array, at: number, source: Uint8Array, start: number, length: number): void {
  if (length > 256) {
    target.set(source.subarray(start, start + length), at);
    return;
  }
  for (let i = 0; i < length; i++) target[at + i] = source[start + i]!;
}
