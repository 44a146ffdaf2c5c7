import fc from "fast-check";
import { expect, test } from "vitest";
import { compareBytes, utf8 } from "../base/bytes.ts";
import { PlainKey, plainKeyOf } from "./plain-key.ts";
import { hashRow, KEY_BYTES_MAX, slotOfRow } from "./row-key.ts";

const anyKey = fc.oneof(fc.uint8Array(), fc.uint8Array({ minLength: 60, maxLength: 400 }));

test("row keys are ordered as keys are, hold them, and have the hash that recovery gives them", () => {
  const [a, b] = [new PlainKey(7), new PlainKey(7)];
  fc.assert(
    fc.property(anyKey, anyKey, (first, second) => {
      a.encodeBytes(first);
      b.encodeBytes(second);
      expect(Math.sign(compareBytes(a.copy(), b.copy()))).toBe(Math.sign(compareBytes(first, second)));
      expect(plainKeyOf({ bytes: a.bytes, start: 0, end: a.length })).toEqual(first);
      expect(a.hash).toBe(hashRow(a.bytes, 0, a.length, 7));
      expect(a.bytes.subarray(a.length, a.length + 3)).toEqual(new Uint8Array(3));
      expect(slotOfRow(a.bytes, 0)).toBe(0);
    }),
  );
});

test("a text is its UTF-8", () => {
  const [text, bytes] = [new PlainKey(1), new PlainKey(1)];
  const anyText = fc.oneof(fc.string(), fc.string({ unit: "binary", maxLength: 300 }));
  fc.assert(
    fc.property(anyText, (key) => {
      text.encodeText(key);
      bytes.encodeBytes(utf8(key));
      expect(text.copy()).toEqual(bytes.copy());
      expect(text.hash).toBe(bytes.hash);
    }),
  );
});

test("a key may be as long as any, and no longer", () => {
  const key = new PlainKey(1);
  key.encodeText("x".repeat(KEY_BYTES_MAX));
  expect(key.length).toBe(KEY_BYTES_MAX + 6);
  const tooLong = expect.objectContaining({ code: "INVALID_REQUEST", outcome: "not-applied" });
  expect(() => key.encodeText("x".repeat(KEY_BYTES_MAX + 1))).toThrow(tooLong);
  expect(() => key.encodeText("ä".repeat(KEY_BYTES_MAX / 2 + 1))).toThrow(tooLong);
  expect(() => key.encodeBytes(new Uint8Array(KEY_BYTES_MAX + 1))).toThrow(tooLong);
});
