/**
 * Row keys of a store that spreads nothing over slots: all rows are in slot 0 of database 0, so that their order is that
 * of the keys' bytes. To engines they look like other row keys.
 * DO NOT CHANGE: it is on disk. Hot: encoded once per operation.
 *
 *   offset  size  field
 *        0     6  zeros    slot, database, position and length of an empty key
 *        6   ...  key      where another row key has its element
 */
import type { ByteRange } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import { KEY_BYTES_MAX, RowKey } from "./row-key.ts";

export const PLAIN_PREFIX_BYTES = 6;
/** Text of so many characters is encoded here: for short ones a call of Buffer's costs more. */
const SHORT_TEXT_LENGTH = 64;

export class PlainKey extends RowKey {
  /** Throws StoreError INVALID_REQUEST if the key is longer than KEY_BYTES_MAX. */
  encodeBytes(key: Uint8Array): void {
    this.#reserve(key.length);
    this.bytes.set(key, PLAIN_PREFIX_BYTES);
    this.finish(PLAIN_PREFIX_BYTES, PLAIN_PREFIX_BYTES + key.length);
  }

  /** As `encodeBytes` of the text's UTF-8. */
  encodeText(key: string): void {
    this.#reserve(key.length);
    const length = key.length > SHORT_TEXT_LENGTH ? -1 : this.#encodeAscii(key);
    this.finish(PLAIN_PREFIX_BYTES, PLAIN_PREFIX_BYTES + (length === -1 ? this.#encodeUtf8(key) : length));
  }

  /** -1 if there is anything else in the text. */
  #encodeAscii(key: string): number {
    const { bytes } = this;
    const { length } = key;
    for (let i = 0; i < length; i++) {
      const code = key.charCodeAt(i);
      if (code > 0x7f) return -1;
      bytes[PLAIN_PREFIX_BYTES + i] = code;
    }
    return length;
  }

  #encodeUtf8(key: string): number {
    const length = Buffer.byteLength(key);
    this.#reserve(length);
    return encoder.encodeInto(key, this.bytes.subarray(PLAIN_PREFIX_BYTES)).written;
  }

  #reserve(keyLength: number): void {
    if (keyLength > KEY_BYTES_MAX) {
      throw new StoreError("INVALID_REQUEST", "not-applied", `key is longer than ${KEY_BYTES_MAX} bytes`);
    }
    this.reserve(PLAIN_PREFIX_BYTES + keyLength);
  }
}

const encoder = new TextEncoder();

/** The key in a row key: a part of the range's bytes. */
export function plainKeyOf({ bytes, start, end }: ByteRange): Uint8Array {
  return bytes.subarray(start + PLAIN_PREFIX_BYTES, end);
}
