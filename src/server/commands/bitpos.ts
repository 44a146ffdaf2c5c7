/**
 * `BITPOS key 0|1 [start [end [BYTE | BIT]]]` -> position of the first such bit from the start of the value, or -1.
 *
 * A search for 0 without an end goes on past the value, which ends in zeros without end.
 */
import { integer64, SYNTAX_ERROR } from "../arguments.ts";
import { rangeUnitBits } from "../bit-string.ts";
import { CommandError, type ReadCommand } from "../command.ts";
import { indexRange } from "../index-range.ts";
import { wordsWithin } from "../words-within.ts";

const NOT_FOUND = -1;

export const bitpos: ReadCommand = {
  name: "bitpos",
  kind: "read",
  arity: -3,
  flags: ["readonly"],
  group: "bitmap",
  since: "2.8.7",
  summary: "Finds the first bit of a value that is 0, or 1.",
  complexity: "O(N) with N the length of the range",
  keys: { first: 1, last: 1, step: 1 },
  syntax: "key bit [start [end [BYTE | BIT]]]",
  run({ value }, args) {
    const bit = integer64(args[2]!);
    if (bit !== 0n && bit !== 1n) throw new CommandError("ERR The bit argument must be 1 or 0.");
    if (value === undefined) return bit === 0n ? 0 : NOT_FOUND;
    const { first, last } = bitRange(value, args);
    if (first > last) return NOT_FOUND;
    const position = firstBit(value, bit === 1n, first, last);
    const isOpen = bit === 0n && args.length < 5;
    return position === NOT_FOUND && isOpen ? value.length * 8 : position;
  },
};

/** The bits that are to be searched, from `first` to `last`. The refusals come in Redis's order. */
function bitRange(value: Uint8Array, args: readonly Uint8Array[]): { first: number; last: number } {
  if (args.length > 6) throw new CommandError(SYNTAX_ERROR);
  const from = args.length > 3 ? integer64(args[3]!) : 0n;
  const unitBits = args.length > 5 ? rangeUnitBits(args[5]!) : 8;
  const to = args.length > 4 ? integer64(args[4]!) : -1n;
  const { first, last } = indexRange(from, to, (value.length * 8) / unitBits);
  return first > last ? { first: 0, last: -1 } : { first: first * unitBits, last: (last + 1) * unitBits - 1 };
}

function firstBit(value: Uint8Array, isOne: boolean, first: number, last: number): number {
  const dull = isOne ? 0x00 : 0xff;
  const lastByte = Math.floor(last / 8);
  const { words, start, end } = wordsWithin(value, Math.floor(first / 8), lastByte + 1);
  for (let i = Math.floor(first / 8); i <= lastByte; i++) {
    if (i === start && end > start) i += 4 * countOf(words, isOne ? 0 : -1);
    if (i > lastByte || value[i] === dull) continue;
    const interesting = value[i]! ^ dull;
    for (let bit = Math.max(first, i * 8); bit <= Math.min(last, i * 8 + 7); bit++) {
      if ((interesting & (0x80 >> (bit % 8))) !== 0) return bit;
    }
  }
  return NOT_FOUND;
}

/** How many words are `word` before the first that is not. */
function countOf(words: Int32Array, word: number): number {
  let count = 0;
  while (count < words.length && words[count] === word) count++;
  return count;
}
