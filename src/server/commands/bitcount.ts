/** `BITCOUNT key [start end [BYTE | BIT]]` -> how many bits are 1, in the whole value or in the range. */
import { integer64, SYNTAX_ERROR } from "../arguments.ts";
import { rangeUnitBits } from "../bit-string.ts";
import { CommandError, type ReadCommand } from "../command.ts";
import { indexRange, isReversed } from "../index-range.ts";
import { wordsWithin } from "../words-within.ts";

export const bitcount: ReadCommand = {
  name: "bitcount",
  kind: "read",
  arity: -2,
  flags: ["readonly"],
  group: "bitmap",
  since: "2.6.0",
  summary: "Counts the bits of a value that are 1.",
  complexity: "O(N) with N the length of the range",
  keys: { first: 1, last: 1, step: 1 },
  syntax: "key [start end [BYTE | BIT]]",
  run({ value }, args) {
    if (value === undefined) return 0;
    if (args.length === 2) return countOnes(value, 0, value.length * 8 - 1);
    if (args.length !== 4 && args.length !== 5) throw new CommandError(SYNTAX_ERROR);
    const from = integer64(args[2]!);
    const to = integer64(args[3]!);
    if (isReversed(from, to)) return 0;
    const unitBits = args.length === 5 ? rangeUnitBits(args[4]!) : 8;
    const { first, last } = indexRange(from, to, (value.length * 8) / unitBits);
    return countOnes(value, first * unitBits, (last + 1) * unitBits - 1);
  },
};

const ONES_OF_BYTE = Uint8Array.from(
  { length: 256 },
  (_, byte) => byte.toString(2).replaceAll("0", "").length,
);

/** The number of ones from bit `first` to bit `last`, both included. Requires: `last` is inside the value. */
function countOnes(value: Uint8Array, first: number, last: number): number {
  if (first > last) return 0;
  const firstByte = Math.floor(first / 8);
  const lastByte = Math.floor(last / 8);
  const { words, start, end } = wordsWithin(value, firstByte, lastByte + 1);
  let ones = onesOfWords(words);
  for (let i = firstByte; i < start; i++) ones += ONES_OF_BYTE[value[i]!]!;
  for (let i = end; i <= lastByte; i++) ones += ONES_OF_BYTE[value[i]!]!;
  const before = value[firstByte]! >> (8 - (first % 8));
  const after = value[lastByte]! & (0x7f >> (last % 8));
  return ones - ONES_OF_BYTE[before]! - ONES_OF_BYTE[after]!;
}

/** Hot for long values. By sums of pairs of bits, then of pairs of these, and so on. */
function onesOfWords(words: Int32Array): number {
  let ones = 0;
  for (let i = 0; i < words.length; i++) {
    let word = words[i]!;
    word -= (word >>> 1) & 0x5555_5555;
    word = (word & 0x3333_3333) + ((word >>> 2) & 0x3333_3333);
    word = (word + (word >>> 4)) & 0x0f0f_0f0f;
    ones += Math.imul(word, 0x0101_0101) >>> 24;
  }
  return ones;
}
