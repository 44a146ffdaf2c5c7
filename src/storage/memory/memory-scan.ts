/**
 * Walks rows in row-key order while they may be written, moved and dropped. It remembers the last row key it gave
 * and looks for the next one anew whenever the order has changed since.
 */
import { assert } from "../../base/assert.ts";
import type { ByteRange } from "../../base/bytes.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";
import { slotOfRow } from "../row-key.ts";
import type { RowIterator } from "../storage-engine.ts";
import type { LeafCursor } from "./row-order.ts";
import type { RowTable } from "./row-table.ts";

const NOTHING = new Uint8Array(0);

export class MemoryScan implements RowIterator {
  readonly key: ByteRange = { bytes: NOTHING, start: 0, end: 0 };
  readonly cell: ByteRange = { bytes: NOTHING, start: 0, end: 0 };
  readonly #table: RowTable;
  readonly #to: Uint8Array | undefined;
  readonly #cursor: LeafCursor = { leaf: 0, index: 0 };
  /** The least row key that may come next. */
  #from: Uint8Array;
  #fromLength: number;
  #slot: number;
  #version = -1;
  #address = 0;
  #isDone = false;

  constructor(table: RowTable, from: Uint8Array, to: Uint8Array | undefined) {
    this.#table = table;
    this.#to = to?.slice();
    this.#from = from.slice();
    this.#fromLength = from.length;
    this.#slot = from.length >= 2 ? slotOfRow(from, 0) : (from[0] ?? 0) << 8;
  }

  /** Of the current row; good until the next write. */
  get address(): number {
    return this.#address;
  }

  next(): boolean {
    if (this.#isDone) return false;
    const address = this.#findNext();
    if (address === 0 || (this.#to !== undefined && this.#isPast(address, this.#to))) {
      this.close();
      return false;
    }
    this.#address = address;
    this.#table.rows.keyInto(address, this.key);
    this.#table.rows.cellInto(address, this.cell);
    this.#remember();
    return true;
  }

  close(): void {
    this.#isDone = true;
  }

  #findNext(): number {
    const { order } = this.#table;
    if (this.#version === order.version && order.advance(this.#cursor)) return order.at(this.#cursor);
    for (;;) {
      this.#slot = order.nextSlot(this.#slot);
      if (this.#slot >= SLOT_COUNT) return 0;
      if (order.seek(this.#slot, this.#from, this.#fromLength, this.#cursor)) break;
      this.#slot++;
    }
    this.#version = order.version;
    return order.at(this.#cursor);
  }

  #isPast(address: number, to: Uint8Array): boolean {
    return this.#table.order.compareWith(address, to, to.length) >= 0;
  }

  /** The next row key is at least this one and a zero byte. */
  #remember(): void {
    const { bytes, start, end } = this.key;
    const length = end - start;
    assert(length > 0, "a row key is not empty");
    if (this.#from.length <= length) this.#from = new Uint8Array(2 * (length + 1));
    for (let i = 0; i < length; i++) this.#from[i] = bytes[start + i]!;
    this.#from[length] = 0;
    this.#fromLength = length + 1;
    this.#slot = slotOfRow(bytes, start);
  }
}
