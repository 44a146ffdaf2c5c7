/** The bitmap commands against a text of zeros and ones. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { call, ENVIRONMENT, written } from "../../../test/support/pure-call.ts";
import { NEVER } from "../../causality/cell.ts";
import type { KeyView } from "../command.ts";
import { bitcount } from "./bitcount.ts";
import { bitop } from "./bitop.ts";
import { bitpos } from "./bitpos.ts";
import { getbit } from "./getbit.ts";
import { setbit } from "./setbit.ts";

/** Some longer, so that there are whole words and parts of values; each begins anywhere in its buffer. */
const bytesOf = (maxLength: number) =>
  fc
    .tuple(fc.uint8Array({ maxLength }), fc.nat(3))
    .map(([bytes, at]) => Uint8Array.from([...new Uint8Array(at), ...bytes]).subarray(at));
const value = fc.oneof(bytesOf(12), bytesOf(50));
/** Mostly one bit, so that searches have something to pass over. */
const dullValue = fc
  .tuple(fc.constantFrom(0x00, 0xff), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 319 }))
  .map(([byte, length, odd]) => {
    const bytes = new Uint8Array(length).fill(byte);
    if (odd < length * 8) bytes[odd >> 3]! ^= 0x80 >> (odd & 7);
    return bytes;
  });
const index = fc.integer({ min: -330, max: 330 });
const range = fc.record({ from: index, to: index, unit: fc.constantFrom("BIT", "BYTE") });

const present = (bytes: Uint8Array): KeyView => ({ value: bytes, expiresAtMs: NEVER, cell: undefined });
const binary = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
const units = (bits: string, unit: string) => (unit === "BIT" ? bits.split("") : (bits.match(/.{8}/g) ?? []));

/** Where the range begins and ends in bits; undefined if it is empty. */
function bitsOf(bits: string, { from, to, unit }: { from: number; to: number; unit: string }) {
  const count = units(bits, unit).length;
  const clamp = (at: number) => Math.max(0, at < 0 ? count + at : at);
  const [first, last] = [clamp(from), Math.min(clamp(to), count - 1)];
  const size = unit === "BIT" ? 1 : 8;
  return first > last ? undefined : { start: first * size, end: (last + 1) * size };
}

test("BITCOUNT", () => {
  fc.assert(
    fc.property(value, range, (bytes, asked) => {
      const { from, to, unit } = asked;
      const isReversed = from < 0 && to < 0 && from > to;
      const found = isReversed ? undefined : bitsOf(binary(bytes), asked);
      const ones = found ? binary(bytes).slice(found.start, found.end).replaceAll("0", "").length : 0;
      const line = `BITCOUNT k ${from} ${to} ${unit}`;
      expect(bitcount.run(present(bytes), call(line), ENVIRONMENT)).toBe(ones);
    }),
  );
});

test("BITPOS of a range", () => {
  fc.assert(
    fc.property(fc.oneof(value, dullValue), fc.constantFrom("0", "1"), range, (bytes, bit, asked) => {
      const found = bitsOf(binary(bytes), asked);
      const at = found ? binary(bytes).slice(found.start, found.end).indexOf(bit) : -1;
      const position = found && at >= 0 ? found.start + at : -1;
      const line = `BITPOS k ${bit} ${asked.from} ${asked.to} ${asked.unit}`;
      expect(bitpos.run(present(bytes), call(line), ENVIRONMENT)).toBe(position);
    }),
  );
});

test.each([
  ["BITPOS k 0", [0xff, 0xff], 16],
  ["BITPOS k 0 1", [0xff, 0xff], 16],
  ["BITPOS k 0 0 -1", [0xff, 0xff], -1],
  ["BITPOS k 0 2", [0xff, 0xff], -1],
  ["BITPOS k 1", [0x00, 0x00], -1],
  ["BITPOS k 0", [], -1],
])("%s of %j is %i: only without an end do zeros follow the value", (line, bytes, position) => {
  expect(bitpos.run(present(Uint8Array.from(bytes)), call(line), ENVIRONMENT)).toBe(position);
});

test("SETBIT sets the bit that GETBIT reads, and no other, and leaves the bytes it was shown alone", () => {
  const offset = fc.integer({ min: 0, max: 120 });
  fc.assert(
    fc.property(value, offset, fc.constantFrom("0", "1"), (bytes, at, bit) => {
      const before = bytes.slice();
      const length = Math.max(bytes.length, (at >> 3) + 1);
      const padded = binary(bytes).padEnd(length * 8, "0");
      const { reply, change } = setbit.run(present(bytes), call(`SETBIT k ${at} ${bit}`), ENVIRONMENT);
      const after = written(present(bytes), change)!.value;
      expect(reply).toBe(Number(padded[at]));
      expect(reply).toBe(getbit.run(present(bytes), call(`GETBIT k ${at}`), ENVIRONMENT));
      expect(binary(after)).toBe(padded.slice(0, at) + bit + padded.slice(at + 1));
      expect(bytes).toEqual(before);
    }),
  );
});

test.each([
  ["AND", (bits: boolean[]) => bits.every((bit) => bit)],
  ["OR", (bits: boolean[]) => bits.some((bit) => bit)],
  ["XOR", (bits: boolean[]) => bits.filter((bit) => bit).length % 2 === 1],
])("BITOP %s", (operation, combine) => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), fc.array(fc.nat(3)), (distinct, again) => {
      const names = [...distinct.keys(), ...again.filter((i) => i < distinct.length)]; // some are named again
      const values = names.map((i) => distinct[i]!);
      const length = Math.max(...values.map((bytes) => bytes.length));
      const expected = Array.from({ length: length * 8 }, (_, at) =>
        combine(values.map((bytes) => binary(bytes)[at] === "1")) ? "1" : "0",
      ).join("");
      const views = [present(Uint8Array.of(1)), ...values.map(present)];
      const line = `BITOP ${operation} d ${names.join(" ")}`;
      const { reply, changes } = bitop.run(views, call(line), ENVIRONMENT);
      expect(reply).toBe(length);
      const [change] = changes;
      expect(change?.kind).toBe(length === 0 ? "delete" : "put");
      if (change?.kind === "put") expect(binary(change.value)).toBe(expected);
    }),
  );
});

test("BITOP of values of several parts, longer and shorter", () => {
  const lengths = [40_000, 16_384, 16_385, 5];
  const values = lengths.map((length, seed) => Uint8Array.from({ length }, (_, i) => (i * (seed + 3)) >> 2));
  const views = [undefined, ...values].map((bytes) =>
    bytes === undefined ? present(new Uint8Array(0)) : present(bytes),
  );
  const at = (bytes: Uint8Array, i: number): number => bytes[i] ?? 0;
  const combiners = {
    AND: (a: number, b: number) => a & b,
    OR: (a: number, b: number) => a | b,
    XOR: (a: number, b: number) => a ^ b,
  };
  for (const [operation, combine] of Object.entries(combiners)) {
    const { changes } = bitop.run(views, call(`BITOP ${operation} d a b c e`), ENVIRONMENT);
    const expected = Uint8Array.from({ length: 40_000 }, (_, i) =>
      values.map((bytes) => at(bytes, i)).reduce(combine),
    );
    const [change] = changes;
    expect(change?.kind === "put" && Buffer.compare(change.value, expected)).toBe(0);
  }
});
