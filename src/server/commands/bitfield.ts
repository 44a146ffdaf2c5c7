/**
 * `BITFIELD key [GET type offset | [OVERFLOW WRAP|SAT|FAIL] SET type offset value | INCRBY type offset by] ...`
 * -> array, one item for each: GET the integer, SET the old one, INCRBY the new one; null where FAIL forbids it.
 * `BITFIELD_RO` knows GET only. A type is i1..i64 or u1..u63; an offset #n counts in fields of that type.
 */
import { integer64, parseInteger64, SYNTAX_ERROR, word } from "../arguments.ts";
import {
  type FieldType,
  fitted,
  isOverflowRule,
  type OverflowRule,
  readField,
  writeField,
} from "../bit-field.ts";
import { bitOffset, grownCopy } from "../bit-string.ts";
import { type CommandEnvironment, CommandError, type ReadCommand, type UpdateCommand } from "../command.ts";
import { checkValueLength } from "../value-limit.ts";

const NO_BYTES = new Uint8Array(0);
const TYPE_REFUSAL =
  "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";
const HASH = 0x23;

export const bitfield: UpdateCommand = {
  name: "bitfield",
  kind: "update",
  arity: -2,
  flags: ["write", "denyoom"],
  group: "bitmap",
  since: "3.2.0",
  summary: "Reads and writes integers of any width inside a value.",
  complexity: "O(1) for each operation, and the length of the value if any writes",
  keys: { first: 1, last: 1, step: 1 },
  syntax:
    "key [GET encoding offset | [OVERFLOW <WRAP | SAT | FAIL>] <SET encoding offset value | INCRBY encoding offset increment> ...]",
  keepsExpiry: () => true,
  run({ value: before, expiresAtMs }, args, environment) {
    const operations = parseOperations(args, environment);
    const lengthBytes = writtenBytes(operations);
    if (lengthBytes === 0)
      return { reply: operations.map((operation) => perform(before ?? NO_BYTES, operation)) };
    checkValueLength(lengthBytes, environment);
    const value = grownCopy(before, lengthBytes);
    const reply = operations.map((operation) => perform(value, operation));
    return { reply, change: { kind: "put", value, expiresAtMs } };
  },
};

export const bitfieldRo: ReadCommand = {
  name: "bitfield_ro",
  kind: "read",
  arity: -2,
  flags: ["readonly", "fast"],
  group: "bitmap",
  since: "6.0.0",
  summary: "Reads integers of any width inside a value.",
  complexity: "O(1) for each operation",
  keys: { first: 1, last: 1, step: 1 },
  syntax: "key [GET encoding offset [GET encoding offset ...]]",
  run({ value }, args, environment) {
    const operations = parseOperations(args, environment);
    if (writtenBytes(operations) > 0)
      throw new CommandError("ERR BITFIELD_RO only supports the GET subcommand");
    return operations.map((operation) => perform(value ?? NO_BYTES, operation));
  },
};

interface Operation {
  readonly kind: "GET" | "SET" | "INCRBY";
  readonly type: FieldType;
  readonly offset: number;
  readonly operand: bigint;
  readonly overflow: OverflowRule;
}

const ARGUMENT_COUNT = { GET: 2, SET: 3, INCRBY: 3 } as const;

function parseOperations(args: readonly Uint8Array[], environment: CommandEnvironment): Operation[] {
  const operations: Operation[] = [];
  let overflow: OverflowRule = "WRAP";
  let i = 2;
  while (i < args.length) {
    const kind = word(args[i++]!);
    const left = args.length - i;
    if ((kind === "GET" || kind === "SET" || kind === "INCRBY") && left >= ARGUMENT_COUNT[kind]) {
      const type = fieldType(args[i]!);
      const offset = fieldOffset(args[i + 1]!, type, environment);
      const operand = kind === "GET" ? 0n : integer64(args[i + 2]!);
      operations.push({ kind, type, offset, operand, overflow });
      i += ARGUMENT_COUNT[kind];
    } else if (kind === "OVERFLOW" && left >= 1) {
      overflow = overflowRule(args[i++]!);
    } else {
      throw new CommandError(SYNTAX_ERROR);
    }
  }
  return operations;
}

function overflowRule(bytes: Uint8Array): OverflowRule {
  const rule = word(bytes);
  if (!isOverflowRule(rule)) throw new CommandError("ERR Invalid OVERFLOW type specified");
  return rule;
}

function fieldType(bytes: Uint8Array): FieldType {
  const isSigned = bytes[0] === 0x69;
  const bits = parseInteger64(bytes.subarray(1));
  const bitsMax = isSigned ? 64n : 63n;
  if ((!isSigned && bytes[0] !== 0x75) || bits === undefined || bits < 1n || bits > bitsMax) {
    throw new CommandError(TYPE_REFUSAL);
  }
  return { isSigned, bits: Number(bits) };
}

function fieldOffset(bytes: Uint8Array, { bits }: FieldType, environment: CommandEnvironment): number {
  return bytes[0] === HASH ? bitOffset(bytes.subarray(1), environment, bits) : bitOffset(bytes, environment);
}

/** How long the value must be for all operations that write; 0 if none does. */
function writtenBytes(operations: readonly Operation[]): number {
  return operations.reduce((longest, { kind, offset, type }) => {
    return kind === "GET" ? longest : Math.max(longest, Math.ceil((offset + type.bits) / 8));
  }, 0);
}

function perform(value: Uint8Array, { kind, type, offset, operand, overflow }: Operation): bigint | null {
  const old = readField(value, offset, type);
  if (kind === "GET") return old;
  // Redis takes what SET is to store in an unsigned field for 64 unsigned bits: -1 is the largest.
  const given = type.isSigned ? operand : BigInt.asUintN(64, operand);
  const stored = fitted(kind === "SET" ? given : old + operand, type, overflow);
  if (stored === undefined) return null;
  writeField(value, offset, type, stored);
  return kind === "SET" ? old : stored;
}
