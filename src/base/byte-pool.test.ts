import { expect, test } from "vitest";
import { pooledCopy } from "./byte-pool.ts";

test("copies are what they were made of, and nobody else's, of any length and in any number", () => {
  const source = Uint8Array.from({ length: 20_000 }, (_, i) => i * 7);
  const pieces: { readonly copy: Uint8Array; readonly wanted: Uint8Array }[] = [];
  for (let i = 0; i < 3_000; i++) {
    const start = (i * 31) % 9_000;
    const end = start + ((i * 97) % 200) + (i % 100 === 0 ? 5_000 : 0);
    pieces.push({ copy: pooledCopy(source, start, end), wanted: source.slice(start, end) });
  }
  source.fill(0);
  for (const { copy, wanted } of pieces) expect(copy).toEqual(wanted);
  pieces[1]!.copy.fill(255);
  expect(pieces[0]!.copy).toEqual(pieces[0]!.wanted);
  expect(pieces[2]!.copy).toEqual(pieces[2]!.wanted);
});
