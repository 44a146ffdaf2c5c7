/**
 * Blocks: what the pages of the arena are cut into. Rows, the index, the row order and the expiry set all live
 * in blocks, so one allocator accounts for everything and one compactor can move everything.
 *
 *   page     2^17 units of 8 bytes, or of 128 in the arena of large cells; unit 0 of a page is never used
 *   region   up to 32 pages, whose numbers begin at a multiple of 32: one array of words, and of bytes
 *   address  page number * 2^17 + unit in the page, as a signed 32-bit number; 0 is "none"
 *
 *   word  bits    every block begins with two 32-bit words
 *      0          the owner's
 *      1  27..29  kind
 *          0..16  size in units, unless the block is a row
 *
 *   a row
 *      0   8..31  use        see use-stamp.ts
 *          0..7   keyLength  of the row key; 255 if it is 255 or more
 *      1     31   large      the cell is elsewhere (see large-cells.ts)
 *            30   expiring   the row has an entry in the expiry set
 *          0..26  cellLength
 *      +1 if expiring        its place in the expiry set
 *      +1 if keyLength 255   the length of the row key
 *      ...                   row key, padded with zeros to a whole word
 *      ...                   cell, or (large) its number there
 *
 * Hot: every GET and SET reads these words; watched by bench/memory-engine.ts.
 */

export const PAGE_SHIFT = 17;
export const PAGE_UNITS = 1 << PAGE_SHIFT;
/** A region has at most 2^5 pages: 2^22 units. The engine's memory is one array of bytes per region. */
export const REGION_PAGES_SHIFT = 5;
export const REGION_SHIFT = PAGE_SHIFT + REGION_PAGES_SHIFT;
export const REGION_MASK = (1 << REGION_SHIFT) - 1;
export const UNIT_BYTES = 8;

const KIND_SHIFT = 27;
export const KIND_HOLE = 0;
export const KIND_ROW = 1;
export const KIND_SEGMENT = 2;
export const KIND_LEAF = 3;
export const KIND_BRANCH = 4;
export const KIND_EXPIRY = 5;
export const KIND_CELL = 6;

const SIZE_MASK = PAGE_UNITS - 1;
const CELL_LENGTH_MASK = (1 << KIND_SHIFT) - 1;
const EXPIRING_SHIFT = 30;
export const EXPIRING = 1 << EXPIRING_SHIFT;
export const LARGE = 1 << 31;
/** Longest cell that word 1 can tell: 128 MiB. */
export const CELL_BYTES_MAX = CELL_LENGTH_MASK;
/** Cells longer than this are large. */
export const INLINE_CELL_BYTES_MAX = 32 * 1024;
export const LONG_KEY = 255;

export function pageOf(address: number): number {
  return address >>> PAGE_SHIFT;
}

export function kindAt(words: Int32Array, at: number): number {
  return (words[at + 1]! >>> KIND_SHIFT) & 7;
}

/** Word 1 of a block that is not a row. */
export function blockWord(kind: number, units: number): number {
  return (kind << KIND_SHIFT) | units;
}

/** Word 1 of a row. */
export function rowWord(cellLength: number, flags: number): number {
  return (KIND_ROW << KIND_SHIFT) | cellLength | flags;
}

/** Size in units of the block, whatever its kind, that begins at `words[at]`. */
export function unitsAt(words: Int32Array, at: number): number {
  if (kindAt(words, at) !== KIND_ROW) return words[at + 1]! & SIZE_MASK;
  return rowUnits(keyLengthAt(words, at), cellLengthAt(words, at), words[at + 1]!);
}

/** Size in units of a row. `flags` may be any word 1 with its flags. */
export function rowUnits(keyLength: number, cellLength: number, flags: number): number {
  const keyWords = ((keyLength + 3) >>> 2) + (keyLength >= LONG_KEY ? 1 : 0);
  const cellWords = flags < 0 ? 1 : (cellLength + 3) >>> 2;
  return (3 + ((flags >>> EXPIRING_SHIFT) & 1) + keyWords + cellWords) >>> 1;
}

export function cellLengthAt(words: Int32Array, at: number): number {
  return words[at + 1]! & CELL_LENGTH_MASK;
}

export function isExpiringAt(words: Int32Array, at: number): boolean {
  return (words[at + 1]! & EXPIRING) !== 0;
}

export function isLargeAt(words: Int32Array, at: number): boolean {
  return words[at + 1]! < 0;
}

/** Length of the row key. Requires: a row. */
export function keyLengthAt(words: Int32Array, at: number): number {
  const short = words[at]! & 0xff;
  return short === LONG_KEY ? words[at + 2 + ((words[at + 1]! >>> EXPIRING_SHIFT) & 1)]! : short;
}

/** Index of the first word of the row key. Requires: a row. */
export function keyWordAt(words: Int32Array, at: number): number {
  const long = (words[at]! & 0xff) === LONG_KEY ? 1 : 0;
  return at + 2 + ((words[at + 1]! >>> EXPIRING_SHIFT) & 1) + long;
}

/** Index of the first word of the cell, or of its number if it is large. Requires: a row. */
export function cellWordAt(words: Int32Array, at: number): number {
  return keyWordAt(words, at) + ((keyLengthAt(words, at) + 3) >>> 2);
}
