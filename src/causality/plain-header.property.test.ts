import fc from "fast-check";
import { expect, test } from "vitest";
import { NEVER } from "./cell.ts";
import {
  type CompactStamp,
  canRestampCompact,
  compactCounter,
  restampCompact,
  writeCompactHeader,
} from "./compact-cell.ts";
import { PLAIN_HEADER_BYTES, PlainHeader } from "./plain-header.ts";

const anyUint48 = fc.oneof(fc.integer({ min: 1, max: 2 ** 48 - 1 }), fc.integer({ min: 1, max: 200_000 }));
const anyStamp: fc.Arbitrary<CompactStamp> = fc.record({
  actorBytes: fc.uint8Array({ minLength: 8, maxLength: 8 }),
  counter: anyUint48,
  wallMs: anyUint48,
  logical: fc.nat(0xffff),
  expiresAtMs: fc.oneof(fc.constant(NEVER), anyUint48),
});

function headerOf(stamp: CompactStamp): Uint8Array {
  const bytes = new Uint8Array(PLAIN_HEADER_BYTES + 16);
  writeCompactHeader(bytes, 4, stamp);
  return bytes;
}

test("what is restamped by words is what is restamped by bytes", () => {
  fc.assert(
    fc.property(anyStamp, anyStamp, fc.boolean(), fc.nat(23), (before, other, isSame, changedAt) => {
      const stamp = { ...other, actorBytes: isSame ? before.actorBytes : other.actorBytes };
      const byBytes = headerOf(before);
      if (!isSame) byBytes[4 + (changedAt % 10)]! ^= 1 << (changedAt & 7);
      const byWords = byBytes.slice();
      const words = new Int32Array(byWords.buffer);
      const header = PlainHeader.of(stamp.actorBytes)!;
      const asNever = { ...stamp, expiresAtMs: NEVER };
      const isAt = header.isAt(words, 1, stamp.counter);
      expect(isAt).toBe(canRestampCompact(asNever, byBytes, 4, byBytes.length));
      if (!isAt) return;
      restampCompact(asNever, byBytes, 4);
      header.restamp(words, 1, asNever);
      expect(byWords).toEqual(byBytes);
      expect(compactCounter(byWords, 4)).toBe(stamp.counter);
    }),
    { numRuns: 2000 },
  );
});
