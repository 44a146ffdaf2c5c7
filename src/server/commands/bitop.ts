/**
 * `BITOP AND | OR | XOR | NOT destkey key [key ...]` -> length of the result in bytes, which destkey then holds.
 * The result is as long as the longest value; shorter ones go on in zeros. An empty result deletes destkey.
 */
import { NEVER } from "../../causality/cell.ts";
import { latin1, SYNTAX_ERROR, word } from "../arguments.ts";
import { type Change, CommandError, type UpdateManyCommand } from "../command.ts";

const NO_BYTES = new Uint8Array(0);

export const bitop: UpdateManyCommand = {
  name: "bitop",
  kind: "update-many",
  arity: -4,
  flags: ["write", "denyoom"],
  group: "bitmap",
  since: "2.6.0",
  summary: "Stores the bitwise AND, OR, XOR or NOT of values.",
  complexity: "O(N) with N the length of all values together",
  keys: { first: 2, last: -1, step: 1 },
  syntax: "<AND | OR | XOR | NOT> destkey key [key ...]",
  run([destination, ...sources], args) {
    const operation = operationNamed(args);
    const values = sources.map(({ value }) => value ?? NO_BYTES);
    const length = values.reduce((longest, value) => Math.max(longest, value.length), 0);
    if (length > 0) {
      const value = combine(operation, thoseThatCount(operation, values, args.slice(3)), length);
      return { reply: length, changes: [{ kind: "put", value, expiresAtMs: NEVER }] };
    }
    const changes: Change[] = destination?.value === undefined ? [] : [{ kind: "delete" }];
    return { reply: 0, changes };
  },
};

type Operation = "AND" | "OR" | "XOR" | "NOT";

function operationNamed(args: readonly Uint8Array[]): Operation {
  const name = word(args[1]!);
  if (name !== "AND" && name !== "OR" && name !== "XOR" && name !== "NOT")
    throw new CommandError(SYNTAX_ERROR);
  if (name === "NOT" && args.length !== 4) {
    throw new CommandError("ERR BITOP NOT must be called with a single source key.");
  }
  return name;
}

/** Longest first. A key is worked on once, however often it is named: a short request must not take hours. */
function thoseThatCount(
  operation: Operation,
  values: readonly Uint8Array[],
  keys: readonly Uint8Array[],
): readonly Uint8Array[] {
  const counting = new Map<string, Uint8Array>();
  values.forEach((value, i) => {
    const key = latin1(keys[i]!);
    if (operation === "XOR" && counting.has(key)) counting.delete(key);
    else counting.set(key, value);
  });
  return [...counting.values()].sort((a, b) => b.length - a.length);
}

/** Part by part, so that what is combined with one value after the other stays in the processor's cache. */
function combine(operation: Operation, values: readonly Uint8Array[], length: number): Uint8Array {
  const result = new Uint8Array((length + 3) & ~3);
  const part = new Uint8Array(PART_BYTES);
  const partWords = new Int32Array(part.buffer);
  const [longest = NO_BYTES, ...others] = values;
  const stop = operation === "AND" ? values.at(-1)!.length : longest.length; // from there on all is zero
  for (let from = 0; from < stop; from += PART_BYTES) {
    const words = new Int32Array(result.buffer, from, Math.min(PART_BYTES, result.length - from) >>> 2);
    result.set(longest.subarray(from, from + PART_BYTES), from);
    if (operation === "NOT") COMBINERS.NOT(words);
    for (const value of others) {
      if (value.length <= from) break;
      const piece = value.subarray(from, from + PART_BYTES);
      part.set(piece);
      part.fill(0, piece.length);
      COMBINERS[operation](words, partWords);
    }
  }
  return result.subarray(0, length);
}

const PART_BYTES = 16 * 1024;

/** A loop of its own for each: this is where long values spend their time. */
const COMBINERS = {
  AND(result: Int32Array, words: Int32Array): void {
    for (let i = 0; i < result.length; i++) result[i]! &= words[i]!;
  },
  OR(result: Int32Array, words: Int32Array): void {
    for (let i = 0; i < result.length; i++) result[i]! |= words[i]!;
  },
  XOR(result: Int32Array, words: Int32Array): void {
    for (let i = 0; i < result.length; i++) result[i]! ^= words[i]!;
  },
  NOT(result: Int32Array): void {
    for (let i = 0; i < result.length; i++) result[i] = ~result[i]!;
  },
} as const;
