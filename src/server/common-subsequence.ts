/**
 * The longest common subsequence of two byte strings, by rows of bits instead of a table of lengths.
 * Source: Hyyrö 2004, "Bit-parallel LCS-length computation revisited"; the walk back is by the same bits.
 *
 *   length(i, j)  of the longest common subsequence of a[0, i) and b[0, j)
 *   bit j-1 of row i is 0  where  length(i, j) = length(i, j-1) + 1;  else they are equal
 *
 * One bit for each pair of bytes; a row takes 32 columns in one step.
 * Of several longest ones it finds the one that Redis finds, walking back from the ends: where bytes differ
 * and both ways are equally long, it goes back in b.
 */

/** A run of bytes common to both: a[aStart, aStart + length) equals b[bStart, bStart + length). */
export interface CommonRun {
  readonly aStart: number;
  readonly bStart: number;
  readonly length: number;
}

const WORD_BITS = 32;
const ALL_ONES = 0xffff_ffff;
const TWO_TO_32 = 0x1_0000_0000;

/** Memory that the comparison takes at most: rows, and a mask for each different byte of `a`. */
export function comparisonBytes(aLength: number, bLength: number): number {
  return 4 * wordCount(bLength) * (aLength + 1 + Math.min(aLength, 256));
}

/** The runs that make up the subsequence, last first; no two could be joined. */
export function commonRuns(a: Uint8Array, b: Uint8Array): CommonRun[] {
  const rows = fillRows(a, b);
  const words = wordCount(b.length);
  const runs: CommonRun[] = [];
  let [i, j] = [a.length, b.length];
  while (i > 0 && j > 0) {
    const [aEnd, bEnd] = [i, j];
    while (i > 0 && j > 0 && a[i - 1] === b[j - 1]) {
      i--;
      j--;
    }
    if (i < aEnd) runs.push({ aStart: i, bStart: j, length: bEnd - j });
    else if (grows(rows, i * words, j)) i--;
    else j--;
  }
  return runs;
}

/** Row i begins at word i * wordCount(b.length). */
function fillRows(a: Uint8Array, b: Uint8Array): Uint32Array {
  const words = wordCount(b.length);
  const rows = new Uint32Array((a.length + 1) * words).fill(ALL_ONES, 0, words);
  const masks: (Uint32Array | undefined)[] = [];
  for (let i = 0; i < a.length; i++) {
    const byte = a[i]!;
    masks[byte] ??= maskOf(byte, b, words);
    fillRow(rows, (i + 1) * words, words, masks[byte]);
  }
  return rows;
}

/** Hot: all the time of a long comparison is spent here. */
function fillRow(rows: Uint32Array, rowAt: number, words: number, mask: Uint32Array): void {
  let carry = 0;
  for (let k = 0; k < words; k++) {
    const above = rows[rowAt - words + k]!;
    const matches = (above & mask[k]!) >>> 0;
    const sum = above + matches + carry;
    carry = sum >= TWO_TO_32 ? 1 : 0;
    rows[rowAt + k] = sum | (above & ~matches);
  }
}

/** The bits of the columns where `b` has `byte`. */
function maskOf(byte: number, b: Uint8Array, words: number): Uint32Array {
  const mask = new Uint32Array(words);
  for (let j = b.indexOf(byte); j >= 0; j = b.indexOf(byte, j + 1)) mask[j >>> 5]! |= 1 << (j & 31);
  return mask;
}

function grows(rows: Uint32Array, rowAt: number, j: number): boolean {
  return ((rows[rowAt + ((j - 1) >>> 5)]! >>> ((j - 1) & 31)) & 1) === 0;
}

function wordCount(columns: number): number {
  return Math.ceil(columns / WORD_BITS);
}
