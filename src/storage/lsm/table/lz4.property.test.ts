import fc from "fast-check";
import { expect, test } from "vitest";
import { equalBytes, utf8 } from "../../../base/bytes.ts";
import { Lz4Packer, lz4BytesMax, unpackLz4 } from "./lz4.ts";

/** Bytes with repetitions near and far, overlapping ones among them, and stretches that do not pack. */
const anyBytes = fc
  .array(
    fc.tuple(
      fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.constantFrom("{}", "user:").map(utf8)),
      fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 700 })),
    ),
    { maxLength: 12 },
  )
  .map(
    (parts) =>
      new Uint8Array(Buffer.concat(parts.flatMap(([unit, count]) => Array<Uint8Array>(count).fill(unit)))),
  );

const packer = new Lz4Packer();

function pack(source: Uint8Array): Uint8Array {
  const target = new Uint8Array(lz4BytesMax(source.length));
  return target.slice(0, packer.pack(source, target, target.length));
}

test("what is packed is unpacked, whatever was packed before", () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const target = new Uint8Array(bytes.length);
      expect(unpackLz4(pack(bytes), target)).toBe(true);
      expect(equalBytes(target, bytes)).toBe(true);
    }),
  );
});

test("what is not a packing of so many bytes is refused or fills them: never a throw, never a byte outside", () => {
  const anyGarbage = fc.tuple(anyBytes, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 }));
  fc.assert(
    fc.property(anyGarbage, fc.integer({ min: -3, max: 3 }), ([bytes, changes], lengthError) => {
      const packed = pack(bytes);
      for (const [at, byte] of changes) packed[at % packed.length] = byte;
      const buffer = new Uint8Array(bytes.length + 64).fill(0xee);
      const target = buffer.subarray(32, 32 + Math.max(0, bytes.length + lengthError));
      unpackLz4(packed, target);
      expect(buffer.subarray(0, 32).every((byte) => byte === 0xee)).toBe(true);
      expect(buffer.subarray(32 + target.length).every((byte) => byte === 0xee)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test("a packing that is cut off, or for another length, is refused", () => {
  fc.assert(
    fc.property(
      anyBytes.filter(({ length }) => length > 0),
      (bytes) => {
        const packed = pack(bytes);
        expect(unpackLz4(packed.subarray(0, packed.length - 1), new Uint8Array(bytes.length))).toBe(false);
        expect(unpackLz4(packed, new Uint8Array(bytes.length + 1))).toBe(false);
        expect(unpackLz4(packed, new Uint8Array(bytes.length - 1))).toBe(false);
      },
    ),
  );
});

test("a packing written by hand after the format's description is understood", () => {
  // 3 literals "abc", then 9 bytes from 3 back (overlapping), then 5 literals.
  const packed = Uint8Array.of(0x35, 0x61, 0x62, 0x63, 0x03, 0x00, 0x50, 0x76, 0x77, 0x78, 0x79, 0x7a);
  const target = new Uint8Array(17);
  expect(unpackLz4(packed, target)).toBe(true);
  expect(target).toEqual(utf8("abcabcabcabcvwxyz"));
});

test.each([
  ["a match before the beginning", [0x10, 0x61, 0x02, 0x00, 0x50, 1, 2, 3, 4, 5], 10],
  ["a match of nothing", [0x10, 0x61, 0x00, 0x00, 0x50, 1, 2, 3, 4, 5], 10],
  ["a match beyond the end", [0x1f, 0x61, 0x01, 0x00, 0x50, 0x50, 1, 2, 3, 4, 5], 10],
  ["literals beyond the end", [0x50, 1, 2, 3, 4, 5], 4],
  ["literals that are not there", [0x50, 1, 2], 5],
  ["a length that does not end", [0xf0, 0xff, 0xff], 1000],
  ["half an offset", [0x10, 0x61, 0x01], 5],
  ["an end after a match", [0x10, 0x61, 0x01, 0x00], 5],
  ["nothing", [], 0],
])("%s is refused", (_, packed, length) => {
  expect(unpackLz4(Uint8Array.from(packed), new Uint8Array(length))).toBe(false);
});

test("other programs can unpack it: the last 5 bytes are literals, and no match begins in the last 12", () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const { matchStarts, lastLiterals } = sequencesOf(pack(bytes));
      if (matchStarts.length > 0) expect(lastLiterals).toBeGreaterThanOrEqual(5);
      for (const start of matchStarts) expect(start).toBeLessThanOrEqual(bytes.length - 12);
    }),
  );
});

test("repetition packs well, and random bytes hardly grow", () => {
  expect(pack(new Uint8Array(8192)).length).toBeLessThan(60);
  const random = Uint8Array.from({ length: 8192 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 13);
  expect(pack(random).length).toBeLessThanOrEqual(lz4BytesMax(8192));
});

/** A slow second reader of the format: where its matches begin, and how long its last literals are. */
function sequencesOf(packed: Uint8Array): { matchStarts: number[]; lastLiterals: number } {
  const matchStarts: number[] = [];
  let at = 0;
  let length = 0;
  const rest = (nibble: number): number => {
    let total = nibble;
    for (let byte = 255; nibble === 15 && byte === 255; total += byte) byte = packed[at++]!;
    return total;
  };
  for (;;) {
    const token = packed[at++]!;
    const literals = rest(token >>> 4);
    at += literals;
    length += literals;
    if (at >= packed.length) return { matchStarts, lastLiterals: literals };
    matchStarts.push(length);
    at += 2;
    length += rest(token & 15) + 4;
  }
}
