/**
 * Finds rows in an unpacked block; block-builder.ts draws it. The block's checksum has been verified: what is wrong
 * with it nevertheless was written wrong, and `checkTable` tells.
 *
 * Hot: once per get that reaches a table, once per row of a scan; watched by bench/table.ts. Nothing here allocates.
 */
import type { ByteRange } from "../../../base/bytes.ts";

/** Points `into` at the cell of the row `key[0, keyLength)` and is true, or is false if the block has no such row. */
export function findInBlock(block: Uint8Array, key: Uint8Array, keyLength: number, into: ByteRange): boolean {
  const restartCount = uint32At(block, block.length - 4);
  const restartsAt = block.length - 4 * (restartCount + 1);
  let low = 0;
  let high = restartCount; // the key stands after restart `low` (if anywhere) and before restart `high`
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    const at = uint32At(block, restartsAt + 4 * middle);
    if (compareRestart(block, at, key, keyLength) <= 0) low = middle;
    else high = middle;
  }
  const start = uint32At(block, restartsAt + 4 * low);
  const end = high === restartCount ? restartsAt : uint32At(block, restartsAt + 4 * high);
  return findInRun(block, start, end, key, keyLength, into);
}

/** Where the number that was read last ended. */
let numberEnd = 0;

function numberAt(block: Uint8Array, at: number): number {
  let byte = block[at]!;
  if (byte < 0x80) {
    numberEnd = at + 1;
    return byte;
  }
  let value = byte & 0x7f;
  let end = at + 1;
  for (let shift = 7; shift < 32; shift += 7) {
    byte = block[end++]!;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  numberEnd = end;
  return value;
}

/** Negative if the entry at the restart `at` stands before the key. */
function compareRestart(block: Uint8Array, at: number, key: Uint8Array, keyLength: number): number {
  const entryLength = numberAt(block, at + 1); // the shared length of a restart is 0: one byte
  numberAt(block, numberEnd);
  const entryAt = numberEnd;
  const length = Math.min(entryLength, keyLength);
  for (let i = 0; i < length; i++) {
    const difference = block[entryAt + i]! - key[i]!;
    if (difference !== 0) return difference;
  }
  return entryLength - keyLength;
}

/**
 * Looks through entries without rebuilding their keys. `match` is how many bytes the key has in common with the
 * entry before, which stands before the key. An entry that shares more than that with it stands before the key, too;
 * one that shares less, after it.
 */
function findInRun(
  block: Uint8Array,
  start: number,
  end: number,
  key: Uint8Array,
  keyLength: number,
  into: ByteRange,
): boolean {
  let match = 0;
  for (let at = start; at < end; ) {
    const shared = numberAt(block, at);
    const suffixLength = numberAt(block, numberEnd);
    const cellLength = numberAt(block, numberEnd);
    const suffixAt = numberEnd;
    const cellAt = suffixAt + suffixLength;
    at = cellAt + cellLength;
    if (shared > match) continue;
    if (shared < match) return false;
    const length = Math.min(suffixLength, keyLength - match);
    let same = 0;
    while (same < length && block[suffixAt + same] === key[match + same]) same++;
    match += same;
    if (same < length) {
      if (block[suffixAt + same]! > key[match]!) return false;
    } else if (match === keyLength) {
      if (same < suffixLength) return false; // the key is only the beginning of the entry's
      into.bytes = block;
      into.start = cellAt;
      into.end = at;
      return true;
    }
  }
  return false;
}

/** Goes through the rows of a block, from the first to the last. */
export class BlockCursor {
  /** Row key and cell of the current row. The key's buffer is the cursor's, the cell lies in the block. */
  readonly key: ByteRange = { bytes: new Uint8Array(256), start: 0, end: 0 };
  readonly cell: ByteRange = { bytes: NO_BYTES, start: 0, end: 0 };
  #block: Uint8Array = NO_BYTES;
  #at = 0;
  #end = 0;

  open(block: Uint8Array): void {
    this.#block = block;
    this.#at = 0;
    this.#end = block.length - 4 * (uint32At(block, block.length - 4) + 1);
    this.key.end = 0;
  }

  /** Moves to the next row; false at the end. */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    const block = this.#block;
    const shared = numberAt(block, this.#at);
    const suffixLength = numberAt(block, numberEnd);
    const cellLength = numberAt(block, numberEnd);
    const suffixAt = numberEnd;
    const { key, cell } = this;
    key.end = shared + suffixLength;
    if (key.bytes.length < key.end) this.#grow(shared);
    const keyBytes = key.bytes;
    for (let i = 0; i < suffixLength; i++) keyBytes[shared + i] = block[suffixAt + i]!;
    cell.bytes = block;
    cell.start = suffixAt + suffixLength;
    cell.end = cell.start + cellLength;
    this.#at = cell.end;
    return true;
  }

  /** Lets go of the block. */
  close(): void {
    this.#block = NO_BYTES;
    this.cell.bytes = NO_BYTES;
    this.#at = 0;
    this.#end = 0;
  }

  #grow(keptBytes: number): void {
    const larger = new Uint8Array(2 * this.key.end);
    larger.set(this.key.bytes.subarray(0, keptBytes));
    this.key.bytes = larger;
  }
}

const NO_BYTES = new Uint8Array(0);

function uint32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
