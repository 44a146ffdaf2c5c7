/**
 * Keeps the database numbers in the engine itself, as a row among the others. So they are in the same commit log as
 * the rows that they speak of, and in its order: whatever a crash leaves of the log is how things were at one moment.
 * A write into a new number cannot survive without the row that brought the number into use, and what
 * SWAPDB and FLUSHDB did is there as a whole or not at all; under any fsync policy.
 *
 *   row key   database OWN_NUMBER, key "kvorum:databases"
 *   cell      compact; its payload:
 *
 *   offset  size  field
 *        0     1  version   1
 *        1     1  count     16
 *        2    16  numbers   database i is stored as numbers[i]: all different, below OWN_NUMBER
 *
 * Forgetting all rows (FLUSHALL) takes this one along: it is put again in the same turn, so that it comes before every
 * other row of the new log. It is also put just before, which tells in time that nothing can be put.
 */
import type { Awaitable } from "../base/awaitable.ts";
import { type ByteRange, utf8 } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import { NEVER } from "../causality/cell.ts";
import {
  compactPayloadStart,
  FIXED_BYTES,
  isCompact,
  writeCompactHeader,
} from "../causality/compact-cell.ts";
import type { Stamper } from "../replication/stamper.ts";
import type { Clock } from "../runtime/runtime.ts";
import { RowKey } from "../storage/row-key.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import { type NumberKeeper, OWN_NUMBER } from "./database-map.ts";
import { DATABASE_COUNT } from "./settings.ts";

const KEY = utf8("kvorum:databases");
const VERSION = 1;
const NUMBERS_AT = 2;
const PAYLOAD_BYTES = NUMBERS_AT + DATABASE_COUNT;

export interface DatabaseRowOptions {
  readonly engine: StorageEngine;
  readonly stamper: Stamper;
  readonly clock: Pick<Clock, "wallMs">;
  readonly hashSeed: number;
}

export class DatabaseRow implements NumberKeeper {
  readonly #options: DatabaseRowOptions;
  readonly #rowKey: RowKey;
  /** As the engine has it. */
  #cell: Uint8Array | undefined;

  constructor(options: DatabaseRowOptions) {
    this.#options = options;
    this.#rowKey = new RowKey(options.hashSeed);
    this.#rowKey.encode(OWN_NUMBER, KEY, 0, KEY.length);
  }

  /** The numbers kept; undefined if none ever were. Rejects with StoreError CORRUPTION or IO. */
  async load(): Promise<Uint8Array | undefined> {
    const range: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };
    if (!(await this.#options.engine.get(this.#rowKey, range))) return undefined;
    this.#cell = range.bytes.slice(range.start, range.end);
    return decodeNumbers(this.#cell);
  }

  keep(numbers: Uint8Array): void {
    this.#put(this.#encode(numbers));
  }

  keepThrough<T>(clear: () => T): T {
    const cell = this.#cell;
    if (cell === undefined) return clear();
    this.#put(cell);
    const cleared = clear();
    if (this.#options.engine.counts(OWN_NUMBER).rows === 0) {
      this.#cell = undefined;
      this.#put(cell);
    }
    return cleared;
  }

  #put(cell: Uint8Array): void {
    const superseded = this.#cell === undefined ? undefined : rangeOf(this.#cell);
    const written: Awaitable<void> = this.#options.engine.put(this.#rowKey, rangeOf(cell), superseded);
    if (written instanceof Promise) throw new Error("a row that is not to be forgotten is put at once");
    this.#cell = cell;
  }

  #encode(numbers: Uint8Array): Uint8Array {
    const cell = new Uint8Array(FIXED_BYTES + PAYLOAD_BYTES);
    const { stamper, clock } = this.#options;
    const at = writeCompactHeader(cell, 0, stamper.compactStamp(clock.wallMs(), NEVER));
    cell[at] = VERSION;
    cell[at + 1] = DATABASE_COUNT;
    cell.set(numbers, at + NUMBERS_AT);
    return cell;
  }
}

function decodeNumbers(cell: Uint8Array): Uint8Array {
  if (!isCompact(cell, 0, cell.length)) throw corrupt("not a compact cell");
  const payload = cell.subarray(compactPayloadStart(cell, 0));
  if (payload.length !== PAYLOAD_BYTES || payload[0] !== VERSION || payload[1] !== DATABASE_COUNT) {
    throw corrupt(`format ${payload[0]}, ${payload.length} bytes`);
  }
  const numbers = payload.slice(NUMBERS_AT);
  if (new Set(numbers).size < DATABASE_COUNT || numbers.includes(OWN_NUMBER)) {
    throw corrupt("two databases have one number");
  }
  return numbers;
}

function corrupt(what: string): StoreError {
  return new StoreError("CORRUPTION", "not-applied", `the row of database numbers is damaged: ${what}`);
}

function rangeOf(bytes: Uint8Array): ByteRange {
  return { bytes, start: 0, end: bytes.length };
}
