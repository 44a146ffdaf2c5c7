/**
 * What the store keeps of a value: a cell. There are no versions in it, for the store is alone.
 * DO NOT CHANGE: see docs/formats/embedded-store.md to add a kind.
 *
 *   offset  size  field
 *        0     1  kind     0: a value
 *        1   ...  value
 *
 * A row with an empty cell is none: so the kind tells an empty value from a deleted row.
 */
import type { ByteRange } from "../base/bytes.ts";
import type { CellTraits } from "../storage/lsm/table/cell-traits.ts";
import { type CellRules, NEVER_EXPIRES } from "../storage/storage-engine.ts";

/** What abstract-level hands over, and gets back: text is UTF-8 on the disk. */
export type Stored = string | Uint8Array;
export type Format = "utf8" | "buffer" | "view";

export const VALUE_HEADER_BYTES = 1;
const KIND_VALUE = 0;
const SCRATCH_BYTES_MAX = 64 * 1024;

/** Nothing expires, nothing is merged, and nobody compares versions. */
export const valueTraits: CellTraits = {
  expiresAtMs: () => NEVER_EXPIRES,
  isTombstone: () => false,
  newestWallMs: () => 0,
  versionRange(cell, into) {
    into.bytes = cell.bytes;
    into.start = cell.start;
    into.end = cell.start;
  },
};

export const valueRules: CellRules = {
  merge: (_existing, incoming) => incoming,
  expiresAtMs: () => NEVER_EXPIRES,
  isCollectible: () => false,
};

/** Makes cells of values. Hot: short values are written into one buffer, again and again. */
export class CellEncoder {
  readonly #scratch = Buffer.alloc(SCRATCH_BYTES_MAX);
  readonly #cell: ByteRange = { bytes: this.#scratch, start: 0, end: 0 };

  /** The cell; valid until the next call. */
  encode(value: Stored): ByteRange {
    const cell = this.#cell;
    const lengthMax = VALUE_HEADER_BYTES + (typeof value === "string" ? 3 * value.length : value.length);
    const bytes = lengthMax <= SCRATCH_BYTES_MAX ? this.#scratch : Buffer.allocUnsafe(lengthMax);
    bytes[0] = KIND_VALUE;
    if (typeof value === "string") {
      cell.end = VALUE_HEADER_BYTES + bytes.write(value, VALUE_HEADER_BYTES);
    } else {
      bytes.set(value, VALUE_HEADER_BYTES);
      cell.end = lengthMax;
    }
    cell.bytes = bytes;
    return cell;
  }
}

/** Bytes in storage, as the format that a caller wants: a copy. */
export class RangeDecoder {
  /** What was looked at last, as a Buffer: memtables are large, and asked again and again. */
  #bytes: Uint8Array = new Uint8Array(0);
  #buffer: Buffer = Buffer.alloc(0);

  /** The bytes of a row key or cell but for the first `headerBytes`. */
  decode({ bytes, start, end }: ByteRange, headerBytes: number, format: Format): Stored {
    if (format === "view") return bytes.slice(start + headerBytes, end);
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    if (format === "utf8") return this.#buffer.toString("utf8", start + headerBytes, end);
    const copy = Buffer.allocUnsafe(end - start - headerBytes);
    this.#buffer.copy(copy, 0, start + headerBytes, end);
    return copy;
  }
}
