import fc from "fast-check";
import { expect, test } from "vitest";
import { StoreError } from "../base/errors.ts";
import { decodeAttempt, encodeAttempt } from "./attempt-message.ts";

const uint48 = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const stamp = fc.record({
  dot: fc.record({
    actor: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    counter: fc.integer({ min: 1, max: 2 ** 48 - 1 }),
  }),
  hlc: fc.record({ wallMs: uint48, logical: fc.integer({ min: 0, max: 0xffff }) }),
});
const attempt = fc.record({
  life: uint32,
  sentMs: uint48,
  patienceMs: uint32,
  wallMs: uint48,
  stamp: fc.option(stamp, { nil: undefined }),
  method: fc.integer({ min: 0, max: 255 }),
  payload: fc.uint8Array(),
});

test("an attempt is read as it was written", () => {
  fc.assert(
    fc.property(uint48, attempt, (epoch, written) => {
      expect(decodeAttempt(encodeAttempt(epoch, written))).toEqual(written);
    }),
  );
});

test("what ends too early, or is none, is refused", () => {
  fc.assert(
    fc.property(attempt, fc.nat({ max: 28 }), (written, length) => {
      const bytes = encodeAttempt(1, { ...written, payload: new Uint8Array(0) }).subarray(0, length);
      expect(() => decodeAttempt(bytes)).toThrow(StoreError);
    }),
  );
  const zeroDot = encodeAttempt(1, {
    ...{ life: 1, sentMs: 1, patienceMs: 1, wallMs: 1, method: 64, payload: new Uint8Array(0) },
    stamp: { dot: { actor: 1n, counter: 0 }, hlc: { wallMs: 1, logical: 0 } },
  });
  expect(() => decodeAttempt(zeroDot)).toThrow("a stamp that is none");
});
