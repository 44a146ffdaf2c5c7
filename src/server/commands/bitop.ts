/**
 * `BITOP AND | OR | XOR | NOT destkey key [key ...]` -> length of the result in bytes, which destkey then holds.
 * The result is as long as the longest value; shorter ones go on in zeros. An empty result deletes destkey.
 */
import { NEVER } from "../../causality/cell.ts";
import { SYNTAX_ERROR, word } from "../arguments.ts";
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
      const value = combine(operation, values, length);
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

function combine(operation: Operation, values: readonly Uint8Array[], length: number): Uint8Array {
  const result = new Uint8Array(length);
  result.set(values[0]!);
  if (operation === "NOT") {
    for (let i = 0; i < length; i++) result[i] = ~result[i]!;
    return result;
  }
  for (const value of values.slice(1)) COMBINERS[operation](result, value);
  return result;
}

/** Each works on the first value in place. A loop of its own for each: this is where long values spend their time. */
const COMBINERS = {
  AND(result: Uint8Array, value: Uint8Array): void {
    for (let i = 0; i < value.length; i++) result[i]! &= value[i]!;
    result.fill(0, value.length);
  },
  OR(result: Uint8Array, value: Uint8Array): void {
    for (let i = 0; i < value.length; i++) result[i]! |= value[i]!;
  },
  XOR(result: Uint8Array, value: Uint8Array): void {
    for (let i = 0; i < value.length; i++) result[i]! ^= value[i]!;
  },
} as const;
