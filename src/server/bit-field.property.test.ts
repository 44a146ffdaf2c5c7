import fc from "fast-check";
import { expect, test } from "vitest";
import { type FieldType, fitted, readField, writeField } from "./bit-field.ts";

const type: fc.Arbitrary<FieldType> = fc.oneof(
  fc.record({ isSigned: fc.constant(true), bits: fc.integer({ min: 1, max: 64 }) }),
  fc.record({ isSigned: fc.constant(false), bits: fc.integer({ min: 1, max: 63 }) }),
);
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const VALUE_BYTES = 20;
const offset = fc.integer({ min: 0, max: VALUE_BYTES * 8 - 64 });
const value = fc.uint8Array({ minLength: VALUE_BYTES, maxLength: VALUE_BYTES });

const binary = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");

test("a field is its bits, the highest first", () => {
  fc.assert(
    fc.property(value, offset, type, (bytes, at, field) => {
      const bits = BigInt(`0b${binary(bytes).slice(at, at + field.bits)}`);
      expect(readField(bytes, at, field)).toBe(field.isSigned ? BigInt.asIntN(field.bits, bits) : bits);
    }),
  );
});

test("what is written is read again, and no other bit has changed", () => {
  fc.assert(
    fc.property(value, offset, type, int64, (before, at, field, written) => {
      const after = before.slice();
      writeField(after, at, field, written);
      expect(readField(after, at, field)).toBe(fitted(written, field, "WRAP"));
      const [old, now] = [binary(before), binary(after)];
      expect(now.slice(0, at)).toBe(old.slice(0, at));
      expect(now.slice(at + field.bits)).toBe(old.slice(at + field.bits));
    }),
  );
});

test("past the end all bits are 0", () => {
  expect(readField(Uint8Array.of(0xff), 4, { isSigned: false, bits: 8 })).toBe(0xf0n);
  expect(readField(Uint8Array.of(0xff), 800, { isSigned: true, bits: 64 })).toBe(0n);
});

test.each([
  { rule: "WRAP", above: -128n, below: 127n },
  { rule: "SAT", above: 127n, below: -128n },
  { rule: "FAIL", above: undefined, below: undefined },
] as const)("past the limits of 8 bits, $rule", ({ rule, above, below }) => {
  const int8 = { isSigned: true, bits: 8 };
  expect(fitted(128n, int8, rule)).toBe(above);
  expect(fitted(-129n, int8, rule)).toBe(below);
  expect(fitted(127n, int8, rule)).toBe(127n);
  expect(fitted(-128n, int8, rule)).toBe(-128n);
});
