/** Looks rows up. Hot: `getSync`, and `get` of what is in memory, which makes no promise. */
import type { Awaitable } from "../base/awaitable.ts";
import type { ByteRange } from "../base/bytes.ts";
import { PlainKey } from "../storage/plain-key.ts";
import type { RowKey } from "../storage/row-key.ts";
import { type Format, RangeDecoder, type Stored, VALUE_HEADER_BYTES } from "./stored-value.ts";

/** The newest rows, or those of a moment. */
export interface RowLookup {
  get(key: RowKey, into: ByteRange): boolean | Promise<boolean>;
  getSync(key: RowKey, into: ByteRange): boolean;
}

export class StoreReader {
  readonly #key: PlainKey;
  readonly #decoder = new RangeDecoder();
  #range = emptyRange();
  /** Reads of the disk under way. */
  readonly #reading = new Set<Promise<unknown>>();

  constructor(hashSeed: number) {
    this.#key = new PlainKey(hashSeed);
  }

  get(rows: RowLookup, key: Stored, format: Format): Awaitable<Stored | undefined> {
    this.#encode(key);
    const range = this.#range;
    const found = rows.get(this.#key, range);
    if (typeof found === "boolean") return found ? this.#value(range, format) : undefined;
    this.#range = emptyRange(); // the other one is written to when the disk has answered
    return this.#track(found.then((isThere) => (isThere ? this.#value(range, format) : undefined)));
  }

  getSync(rows: RowLookup, key: Stored, format: Format): Stored | undefined {
    this.#encode(key);
    return rows.getSync(this.#key, this.#range) ? this.#value(this.#range, format) : undefined;
  }

  has(rows: RowLookup, key: Stored): boolean | Promise<boolean> {
    this.#encode(key);
    const found = rows.get(this.#key, this.#range);
    if (typeof found === "boolean") return found;
    this.#range = emptyRange();
    return this.#track(found);
  }

  /** Resolves when no read is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#reading);
  }

  #encode(key: Stored): void {
    if (typeof key === "string") this.#key.encodeText(key);
    else this.#key.encodeBytes(key);
  }

  #value(range: ByteRange, format: Format): Stored {
    return this.#decoder.decode(range, VALUE_HEADER_BYTES, format);
  }

  #track<T>(reading: Promise<T>): Promise<T> {
    this.#reading.add(reading);
    const forget = (): void => void this.#reading.delete(reading);
    reading.then(forget, forget);
    return reading;
  }
}

function emptyRange(): ByteRange {
  return { bytes: new Uint8Array(0), start: 0, end: 0 };
}
