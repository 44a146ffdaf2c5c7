/**
 * A row key as tables look for it: with what every table needs of it, computed once. Hot: loaded once per get that the
 * memtables cannot answer.
 */
import { type Hash64, hashBytes } from "./byte-hash.ts";

export class TableProbe {
  /** The row key is `bytes[0, length)`; another's, as `load` was given it. */
  bytes: Uint8Array = new Uint8Array(0);
  length = 0;
  /** See prefixOf. */
  prefix = 0;
  readonly hash: Hash64 = { low: 0, high: 0 };

  /** Becomes the row key `bytes[0, length)`, which must not change while the probe is used. */
  load(bytes: Uint8Array, length: number): void {
    this.bytes = bytes;
    this.length = length;
    this.prefix = prefixOf(bytes, 0, length);
    hashBytes(this.hash, bytes, 0, length);
  }

  /** One with bytes of its own. */
  copy(): TableProbe {
    const copy = new TableProbe();
    copy.load(this.bytes.slice(0, this.length), this.length);
    return copy;
  }
}

/**
 * The first five bytes (slot, database, position) as one number, zeros after the end: a smaller prefix is a smaller
 * key; of equal ones the bytes decide.
 */
export function prefixOf(bytes: Uint8Array, start: number, end: number): number {
  if (end - start >= 5) {
    const front = (bytes[start]! << 16) | (bytes[start + 1]! << 8) | bytes[start + 2]!;
    return front * 0x1_0000 + ((bytes[start + 3]! << 8) | bytes[start + 4]!);
  }
  let prefix = 0;
  for (let i = start; i < start + 5; i++) prefix = prefix * 256 + (i < end ? bytes[i]! : 0);
  return prefix;
}
