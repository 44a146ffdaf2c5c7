/** `LCS key1 key2 [LEN | IDX [MINMATCHLEN n] [WITHMATCHLEN]]` -> the subsequence, its length, or where it is found. */
import { map, type Reply } from "../../resp/reply.ts";
import { integer64, SYNTAX_ERROR, word } from "../arguments.ts";
import { CommandError, type ReadManyCommand } from "../command.ts";
import { type CommonRun, commonRuns, comparisonBytes } from "../common-subsequence.ts";

/** Enough for two strings of 11,500 bytes, which is where Redis stops as it comes. */
const TRANSIENT_BYTES_MAX = 32 * 1024 * 1024;
const NO_BYTES = new Uint8Array(0);

export const lcs: ReadManyCommand = {
  name: "lcs",
  kind: "read-many",
  arity: -3,
  flags: ["readonly"],
  group: "string",
  since: "7.0.0",
  summary: "Finds the longest common subsequence of two values.",
  complexity: "O(N*M) with N and M the lengths of the two values",
  keys: { first: 1, last: 2, step: 1 },
  syntax: "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]",
  run([first, second], args) {
    const a = first?.value ?? NO_BYTES;
    const b = second?.value ?? NO_BYTES;
    const options = parseOptions(args);
    if (comparisonBytes(a.length, b.length) > TRANSIENT_BYTES_MAX) {
      throw new CommandError("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
    }
    const runs = commonRuns(a, b);
    if (options.indexes) return indexReply(runs, options);
    return options.length ? totalLength(runs) : subsequence(a, runs);
  },
};

interface LcsOptions {
  length: boolean;
  indexes: boolean;
  runLengths: boolean;
  runLengthMin: bigint;
}

function parseOptions(args: readonly Uint8Array[]): LcsOptions {
  const options: LcsOptions = { length: false, indexes: false, runLengths: false, runLengthMin: 0n };
  for (let i = 3; i < args.length; i++) {
    const option = word(args[i]!);
    if (option === "IDX") options.indexes = true;
    else if (option === "LEN") options.length = true;
    else if (option === "WITHMATCHLEN") options.runLengths = true;
    else if (option === "MINMATCHLEN" && i + 1 < args.length) options.runLengthMin = integer64(args[++i]!);
    else throw new CommandError(SYNTAX_ERROR);
  }
  if (options.length && options.indexes) {
    throw new CommandError("ERR If you want both the length and indexes, please just use IDX.");
  }
  return options;
}

function indexReply(runs: readonly CommonRun[], { runLengthMin, runLengths }: LcsOptions): Reply {
  const matches = runs
    .filter(({ length }) => length >= runLengthMin)
    .map(({ aStart, bStart, length }) => {
      const ranges = [
        [aStart, aStart + length - 1],
        [bStart, bStart + length - 1],
      ];
      return runLengths ? [...ranges, length] : ranges;
    });
  return map([
    ["matches", matches],
    ["len", totalLength(runs)],
  ]);
}

function totalLength(runs: readonly CommonRun[]): number {
  return runs.reduce((sum, { length }) => sum + length, 0);
}

function subsequence(a: Uint8Array, runs: readonly CommonRun[]): Uint8Array {
  const pieces = runs.map(({ aStart, length }) => a.subarray(aStart, aStart + length));
  return Buffer.concat(pieces.reverse());
}
