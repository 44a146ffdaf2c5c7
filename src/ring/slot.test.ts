import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8 } from "../base/bytes.ts";
import { crc16, crc16Step, crc16Steps, SLOT_COUNT, slotOf } from "./slot.ts";

const slot = (key: string): number => slotOf(utf8(key));

test("CRC16 of the specification's test string", () => {
  expect(crc16(utf8("123456789"))).toBe(0x31c3);
});

test.each([
  ["foo", 12182],
  ["bar", 5061],
  ["", 0],
  ["hello", 866],
])("the slot of %j is the one Redis Cluster gives it", (key, expected) => {
  expect(slot(key)).toBe(expected);
});

test("keys with one hash tag share its slot", () => {
  expect(slot("{user1000}.following")).toBe(slot("{user1000}.followers"));
  expect(slot("{user1000}.following")).toBe(slot("user1000"));
});

test("an empty or unclosed hash tag counts as part of the key", () => {
  expect(slot("foo{}{bar}")).toBe(crc16(utf8("foo{}{bar}")) % SLOT_COUNT);
  expect(slot("foo{bar")).toBe(crc16(utf8("foo{bar")) % SLOT_COUNT);
});

test("only the first hash tag counts, up to its first closing brace", () => {
  expect(slot("foo{{bar}}zap")).toBe(slot("{bar"));
  expect(slot("foo{bar}{zap}")).toBe(slot("bar"));
});

test("a closing brace outside the key's own bytes is not seen", () => {
  const bytes = utf8("a{b}c");
  expect(slotOf(bytes, 0, 3)).toBe(slot("a{b"));
});

test("two bytes in one step are two steps", () => {
  fc.assert(
    fc.property(fc.nat(0xffff), fc.nat(255), fc.nat(255), (crc, byte1, byte2) => {
      expect(crc16Steps(crc, byte1, byte2)).toBe(crc16Step(crc16Step(crc, byte1), byte2) & 0xffff);
    }),
  );
});

test("agrees with a bit-by-bit CRC16 on any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(crc16(bytes)).toBe(crc16BitByBit(bytes));
    }),
  );
});

function crc16BitByBit(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const carry = ((crc >> 15) ^ (byte >> bit)) & 1;
      crc = ((crc << 1) & 0xffff) ^ (carry ? 0x1021 : 0);
    }
  }
  return crc;
}
