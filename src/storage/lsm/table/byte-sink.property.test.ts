import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteSink } from "./byte-sink.ts";
import { ByteSource } from "./byte-source.ts";

const anyNumber = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat());
const anySigned = fc.integer({ min: -(2 ** 52) + 1, max: 2 ** 52 - 1 });

test("a source reads what a sink took, and nothing after it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyNumber, anySigned, fc.nat({ max: 0xffff_ffff }), fc.uint8Array())),
      (items) => {
        const sink = new ByteSink(1);
        for (const [number, signed, word, bytes] of items) {
          sink.number(number);
          sink.signed(signed);
          sink.uint32(word);
          sink.string(bytes);
        }
        const source = new ByteSource(sink.take(), { path: "/f", offset: 0 });
        for (const [number, signed, word, bytes] of items) {
          expect(source.number()).toBe(number);
          expect(source.signed()).toBe(signed);
          expect(source.uint32()).toBe(word);
          expect(source.string()).toEqual(bytes);
        }
        source.end();
        expect(() => source.number()).toThrow("/f: offset");
      },
    ),
  );
});

test.each([
  ["a number that does not end", Uint8Array.of(0xff, 0xff)],
  ["a number of too many bytes", new Uint8Array(9).fill(0x80)],
  ["a number past 2^53", Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)],
])("%s is corruption, told with its place", (_, bytes) => {
  const source = new ByteSource(bytes, { path: "/f", offset: 100 });
  expect(() => source.number()).toThrow(expect.objectContaining({ code: "CORRUPTION" }));
  expect(() => source.number()).toThrow(/\/f: offset 1\d\d: /);
});
