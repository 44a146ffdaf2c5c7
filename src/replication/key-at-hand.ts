/**
 * The key that is being worked on: found in the engine, seen by a step and changed there and then, with nothing in
 * between. The common cells (compact ones, counters) are read and written as bytes; others are decoded.
 *
 * Every change stores the cell that CellChanger makes of the decoded one, byte for byte: that way is the oracle of
 * this one (key-at-hand.property.test.ts).
 *
 * Hot: once per GET and SET; what allocates nothing there says so. Watched by `bench -- redis` and `bench -- commands`.
 */
import type { Awaitable } from "../base/awaitable.ts";
import { ByteCopier } from "../base/byte-copier.ts";
import type { ByteRange, WordRange } from "../base/bytes.ts";
import { writeDigits } from "../base/digits.ts";
import { type Cell, EMPTY_CELL, NEVER } from "../causality/cell.ts";
import { decodeCell, encodeCell } from "../causality/cell-codec.ts";
import {
  type CompactStamp,
  compactExpiresAtMs,
  compactOverwriteHeaderBytes,
  compactPayloadStart,
  isCompact,
  restampCompact,
  writeCompactOverwrite,
} from "../causality/compact-cell.ts";
import { isCompactExpired, isOnlyOf, keepTime, writeDeletion } from "../causality/compact-change.ts";
import { CounterCell } from "../causality/counter-cell.ts";
import { PLAIN_HEADER_BYTES, PlainHeader } from "../causality/plain-header.ts";
import { RowKey } from "../storage/row-key.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import type { CellChanger } from "./cell-changer.ts";
import { copyOf, LONG_PAYLOAD_BYTES } from "./cell-store.ts";
import { ABSENT_VIEW, EncodedView } from "./encoded-view.ts";
import type { Stamper } from "./stamper.ts";
import type { Change, KeyView } from "./step.ts";
import type { UndoLog } from "./undo-log.ts";
import type { WatchBoard } from "./watch-board.ts";

/** How `peek` answers. */
export const MISS = 0;
export const HIT = 1;
export const ELSEWHERE = 2;
export type Peek = typeof MISS | typeof HIT | typeof ELSEWHERE;

/** Longer cells are put together in a buffer of their own. */
const SCRATCH_BYTES = 64 * 1024;
/** Longer values go the general way, where each call is timed alone. */
export const PEEK_BYTES_MAX = 64 * 1024;
const DIGITS_MAX = 17;
const NO_BYTES = new Uint8Array(0);
const NOTHING: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
const EMPTY: ByteRange = wholeOf(encodeCell(EMPTY_CELL));

export interface KeyAtHandParts {
  readonly engine: StorageEngine;
  readonly stamper: Stamper;
  readonly changer: CellChanger;
  readonly watchBoard: WatchBoard;
  readonly hashSeed: number;
}

export class KeyAtHand {
  readonly #rowKey: RowKey;
  /** Where the value lies that `peek` has hit: the engine's, valid until its next call. */
  readonly value: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  readonly #engine: StorageEngine;
  readonly #stamper: Stamper;
  readonly #changer: CellChanger;
  readonly #watchBoard: WatchBoard;
  /** Where the cell is; empty if there is none. The engine's: valid until its next call. */
  #cell: WordRange = { bytes: NO_BYTES, start: 0, end: 0, words: undefined };
  /** Of cells that can be rewritten where they lie; undefined if none can. */
  readonly #plainHeader: PlainHeader | undefined;
  readonly #counter = new CounterCell();
  readonly #digits = new Uint8Array(DIGITS_MAX);
  readonly #scratch: ByteRange = { bytes: new Uint8Array(SCRATCH_BYTES), start: 0, end: 0 };
  readonly #scratchWords = new Int32Array(this.#scratch.bytes.buffer);
  readonly #tail: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  readonly #copier = new ByteCopier();
  /** Of what `count` has put, if the engine takes its time. */
  #written: Awaitable<void> = undefined;

  constructor({ engine, stamper, changer, watchBoard, hashSeed }: KeyAtHandParts) {
    this.#engine = engine;
    this.#stamper = stamper;
    this.#changer = changer;
    this.#watchBoard = watchBoard;
    this.#rowKey = new RowKey(hashSeed);
    this.#plainHeader = engine.rewriteEnd && PlainHeader.of(stamper.actorBytes);
  }

  get hash(): number {
    return this.#rowKey.hash;
  }

  /** Of the row that was found: its key and its cell. */
  get rowBytes(): number {
    return this.#rowKey.length + this.#cell.end - this.#cell.start;
  }

  /** True if copies of the cell are to be shared, however often its key is named: see CellStore.loadAll. */
  get isLong(): boolean {
    return this.#cell.end - this.#cell.start > LONG_PAYLOAD_BYTES;
  }

  /** True if the key that was found has no cell, or a compact one. */
  get isPlain(): boolean {
    const { bytes, start, end } = this.#cell;
    return end === start || isCompact(bytes, start, end);
  }

  /** Requires: the key that was found has a compact cell. */
  get expires(): boolean {
    const { bytes, start } = this.#cell;
    return compactExpiresAtMs(bytes, start) !== NEVER;
  }

  /** Takes up the key `bytes[start, end)`. Allocates nothing. */
  name(database: number, bytes: Uint8Array, start: number, end: number, words?: DataView): void {
    this.#rowKey.encode(database, bytes, start, end, words);
  }

  /** Finds the cell of the key at hand: undefined once it is there, or a promise of the cell, in which case it is not. */
  find(touch: boolean): undefined | Promise<Cell | undefined> {
    const cell = this.#cell;
    const found = this.#engine.get(this.#rowKey, cell, touch);
    if (found === true) return undefined;
    if (found === false) {
      cell.end = cell.start;
      return undefined;
    }
    this.#cell = { bytes: NO_BYTES, start: 0, end: 0, words: undefined }; // the other is the promise's
    return found.then((isThere) =>
      isThere ? copyOf(decodeCell(cell.bytes, cell.start, cell.end)) : undefined,
    );
  }

  /** As `find`, of a key that `find` has found at once since something was awaited: so does this. */
  findAgain(): void {
    const [key, cell] = [this.#rowKey, this.#cell];
    const found = this.#engine.getSync?.(key, cell) ?? this.#engine.get(key, cell, false);
    if (found !== true) cell.end = cell.start;
  }

  /** Notes the cell that was found, to bring it back. */
  save(undo: UndoLog): void {
    undo.push(this.#cell);
  }

  /** Brings back what was saved last, of the key that was found. Requires: an engine that answers at once. */
  restore(undo: UndoLog): void {
    const cell = undo.pop();
    void this.#put(cell.end > cell.start ? cell : EMPTY, true);
  }

  /** Points `value` at the value, unless there is none, or it takes more than that to tell. Allocates nothing. */
  peek(wallMs: number): Peek {
    const { bytes, start, end } = this.#cell;
    if (end === start) return MISS;
    if (end - start > PEEK_BYTES_MAX) return ELSEWHERE;
    const { value } = this;
    if (isCompact(bytes, start, end)) {
      if (isCompactExpired(bytes, start, wallMs)) return this.#missExpired(wallMs);
      value.bytes = bytes;
      value.start = compactPayloadStart(bytes, start);
      value.end = end;
      return HIT;
    }
    const counter = this.#counter;
    if (!counter.read(bytes, start, end)) return ELSEWHERE;
    if (counter.isExpired(wallMs)) return this.#missExpired(wallMs);
    value.bytes = this.#digits;
    value.end = DIGITS_MAX;
    value.start = writeDigits(this.#digits, counter.value);
    return HIT;
  }

  #missExpired(wallMs: number): Peek {
    this.dropIfExpired(wallMs);
    return MISS;
  }

  /** Lets the engine forget the key at once if it has expired, as Redis does with a key that it meets. */
  dropIfExpired(wallMs: number): void {
    const cell = this.#cell;
    if (cell.end === cell.start || this.#engine.dropIfExpired?.(this.#rowKey, wallMs) !== true) return;
    cell.end = cell.start;
  }

  /** As `dropIfExpired`, after a step that has seen the key and wants nothing done to it; gives its reply back. */
  leave<R>({ value }: KeyView, wallMs: number, reply: R): R {
    if (value === undefined) this.dropIfExpired(wallMs);
    return reply;
  }

  /** What a step sees of the key. `isKept`: it shall outlive the engine's next call. */
  view(wallMs: number, isKept: boolean): KeyView {
    const { bytes, start, end } = this.#cell;
    if (end === start) return ABSENT_VIEW;
    if (!isKept) return new EncodedView(bytes, start, end, wallMs, this.#counter);
    return new EncodedView(bytes.slice(start, end), 0, end - start, wallMs, this.#counter);
  }

  /** Makes the change that a step wants done to the key, and stores it. Throws StoreError with no more done than a dot lost. */
  change(change: Change, wallMs: number): Awaitable<void> {
    const { bytes, start, end } = this.#cell;
    const { isPlain } = this;
    switch (change.kind) {
      case "put":
        if (!isPlain || change.context !== undefined) break;
        if (change.stamp !== undefined) break;
        return this.overwrite(change.value, 0, change.value.length, change.expiresAtMs, wallMs);
      case "patch":
        if (!isPlain || end === start || isCompactExpired(bytes, start, wallMs)) break;
        return this.#patch(change.value, change.at, wallMs);
      case "expire":
        if (!isPlain || end === start || isCompactExpired(bytes, start, wallMs)) break;
        return this.expire(change.expiresAtMs, wallMs);
      case "delete":
        if (!isPlain || end === start || change.context !== undefined) break;
        return this.remove();
      case "increment": {
        if (change.expiresAtMs !== undefined) break;
        if (Number.isNaN(this.count(Number(change.by), wallMs))) break;
        return this.takeWritten();
      }
    }
    return this.changeDecoded(change, wallMs, undefined);
  }

  /** As `change`, the long way; `tell` is shown the new cell. */
  changeDecoded(change: Change, wallMs: number, tell: ((stored: Cell) => void) | undefined): Awaitable<void> {
    const { bytes, start, end } = this.#cell;
    const before = end === start ? undefined : decodeCell(bytes, start, end);
    const changed = this.#changer.changed(before, change, wallMs, this.#rowKey);
    tell?.(changed);
    return this.#put(wholeOf(encodeCell(changed)), change.kind === "expire" || change.kind === "delete");
  }

  /**
   * Gives the key the value `source[from, to)`, whatever it has. Allocates nothing for a short one.
   * Requires: there is no cell, or a compact one.
   */
  overwrite(
    source: Uint8Array,
    from: number,
    to: number,
    expiresAtMs: number,
    wallMs: number,
  ): Awaitable<void> {
    const stamp = this.#stamper.compactStamp(wallMs, expiresAtMs);
    const tail = this.#tail;
    tail.bytes = source;
    tail.start = from;
    tail.end = to;
    return this.#restamp(stamp, to - from) ? this.#rewritten(tail) : this.#replace(stamp, false);
  }

  /** Deletes the key. Requires: its cell is compact. Allocates nothing. */
  remove(): Awaitable<void> {
    const { bytes, start } = this.#cell;
    const scratch = this.#scratch;
    scratch.start = 0;
    scratch.end = writeDeletion(scratch.bytes, 0, bytes, start);
    return this.#put(scratch, true);
  }

  /** Lets the key expire, or not (NEVER). Requires: its cell is compact and has not expired. */
  expire(expiresAtMs: number, wallMs: number): Awaitable<void> {
    const { bytes, start, end } = this.#cell;
    const stamp = this.#stamper.compactStamp(wallMs, expiresAtMs);
    keepTime(stamp, bytes, start);
    const tail = this.#tail;
    tail.bytes = bytes;
    tail.start = compactPayloadStart(bytes, start);
    tail.end = end;
    return this.#replace(stamp, true);
  }

  /** What the counter at hand shows after `by` more, or NaN, with nothing done, if it takes more than to count. Allocates nothing. */
  count(by: number, wallMs: number): number {
    const cell = this.#cell;
    const counter = this.#counter;
    const { nextCounter, actorBytes } = this.#stamper;
    if (!counter.read(cell.bytes, cell.start, cell.end) || counter.isExpired(wallMs)) return Number.NaN;
    if (!counter.canCount(by, actorBytes, nextCounter)) return Number.NaN;
    const dot = this.#stamper.compactStamp(wallMs, NEVER).counter;
    // Where counters are reserved in blocks, the next may be a later one: a dot is lost then, as after a crash.
    if (dot !== nextCounter && !counter.canCount(by, actorBytes, dot)) return Number.NaN;
    if (this.#engine.rewriteEnd !== undefined) {
      counter.count(by, dot);
      this.#rewritten(NOTHING);
      return counter.value;
    }
    const scratch = this.#scratch;
    scratch.bytes.set(cell.bytes.subarray(cell.start, cell.end));
    scratch.start = 0;
    scratch.end = cell.end - cell.start;
    counter.read(scratch.bytes, 0, scratch.end);
    counter.count(by, dot);
    this.#written = this.#put(scratch, false);
    return counter.value;
  }

  /** What is to be waited for after `count`. */
  takeWritten(): Awaitable<void> {
    const written = this.#written;
    this.#written = undefined;
    return written;
  }

  /** Puts bytes into the value, from `at` on. Requires: the cell is compact and has not expired. */
  #patch(patch: Uint8Array, at: number, wallMs: number): Awaitable<void> {
    const { bytes, start, end } = this.#cell;
    const stamp = this.#stamper.compactStamp(wallMs, compactExpiresAtMs(bytes, start));
    const payloadAt = compactPayloadStart(bytes, start);
    const patchEnd = at + patch.length;
    if (payloadAt + patchEnd <= end && this.#canRestamp(stamp)) {
      restampCompact(stamp, bytes, start);
      bytes.set(patch, payloadAt + at);
      return this.#rewritten(NOTHING);
    }
    const headerBytes = compactOverwriteHeaderBytes(stamp, bytes, start, end);
    if (headerBytes === 0) return this.changeDecoded({ kind: "patch", value: patch, at }, wallMs, undefined);
    const length = end - payloadAt;
    const cell = new Uint8Array(headerBytes + Math.max(length, patchEnd));
    writeCompactOverwrite(cell, 0, stamp, bytes, start, end);
    cell.set(bytes.subarray(payloadAt, end), headerBytes);
    cell.set(patch, headerBytes + at);
    return this.#put(wholeOf(cell), false);
  }

  /** The successor of the present cell is one of `stamp` and the tail. */
  #replace(stamp: CompactStamp, insists: boolean): Awaitable<void> {
    const { bytes, start, end } = this.#cell;
    const tail = this.#tail;
    const headerBytes = compactOverwriteHeaderBytes(stamp, bytes, start, end);
    if (headerBytes === 0) return this.#replaceDecoded(stamp, insists);
    const length = tail.end - tail.start;
    const payloadAt = (headerBytes + 3) & ~3; // the copier wants a whole word
    const target =
      payloadAt + length <= SCRATCH_BYTES ? this.#scratch : wholeOf(new Uint8Array(payloadAt + length));
    target.start = payloadAt - headerBytes;
    target.end = payloadAt + length;
    writeCompactOverwrite(target.bytes, target.start, stamp, bytes, start, end);
    if (target === this.#scratch) this.#copier.copy(tail, this.#scratchWords, target.bytes, payloadAt >>> 2);
    else target.bytes.set(tail.bytes.subarray(tail.start, tail.end), payloadAt);
    return this.#put(target, insists);
  }

  /** Where the successor would not be compact. */
  #replaceDecoded({ wallMs, expiresAtMs }: CompactStamp, insists: boolean): Awaitable<void> {
    if (insists) return this.changeDecoded({ kind: "expire", expiresAtMs }, wallMs, undefined);
    const { bytes, start, end } = this.#tail;
    const put = { kind: "put", value: bytes.slice(start, end), expiresAtMs } as const;
    return this.changeDecoded(put, wallMs, undefined);
  }

  /** Makes the present cell its successor but for the payload, if that has so many bytes and all else allows it. */
  #restamp(stamp: CompactStamp, payloadBytes: number): boolean {
    const { bytes, start, end, words } = this.#cell;
    const plain = this.#plainHeader;
    const isPlain = words !== undefined && stamp.expiresAtMs === NEVER && plain !== undefined;
    if (isPlain && plain.isAt(words, start >>> 2, stamp.counter)) {
      if (end - start !== PLAIN_HEADER_BYTES + payloadBytes) return false;
      plain.restamp(words, start >>> 2, stamp);
      return true;
    }
    if (!this.#canRestamp(stamp) || end - compactPayloadStart(bytes, start) !== payloadBytes) return false;
    restampCompact(stamp, bytes, start);
    return true;
  }

  /** True if the present cell can become its successor where it lies, if that is as long and expires then too. */
  #canRestamp(stamp: CompactStamp): boolean {
    const { bytes, start, end } = this.#cell;
    return (
      this.#engine.rewriteEnd !== undefined &&
      isCompact(bytes, start, end) &&
      isOnlyOf(bytes, start, stamp) &&
      compactExpiresAtMs(bytes, start) === stamp.expiresAtMs
    );
  }

  #rewritten(end: ByteRange): undefined {
    this.#engine.rewriteEnd!(end);
    this.#watchBoard.noteWrite(this.#rowKey.hash);
  }

  #put(cell: ByteRange, insists: boolean): Awaitable<void> {
    const present = this.#cell;
    const superseded = present.end > present.start ? present : undefined;
    const written = this.#engine.put(this.#rowKey, cell, superseded, insists);
    this.#watchBoard.noteWrite(this.#rowKey.hash);
    return written as Awaitable<void>;
  }
}

function wholeOf(bytes: Uint8Array): ByteRange {
  return { bytes, start: 0, end: bytes.length };
}
