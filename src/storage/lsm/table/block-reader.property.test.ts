/** Searches in one block beside a search through a list, with keys of few letters: much is shared, much nearly equal. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { compareBytes } from "../../../base/bytes.ts";
import { BlockBuilder } from "./block-builder.ts";
import { BlockCursor, findInBlock } from "./block-reader.ts";
import { bytesOf, rangeOf } from "./table-samples.oracle.ts";

const anyKey = fc
  .array(fc.constantFrom(1, 2), { minLength: 1, maxLength: 6 })
  .map((bytes) => Uint8Array.from(bytes));
const anyKeys = fc
  .uniqueArray(anyKey, { selector: String, minLength: 1, maxLength: 60, size: "max" })
  .map((keys) => keys.sort(compareBytes));

/** The cell of each key is the key twice; of every fifth it is longer than one byte of length can tell. */
function cellOf(key: Uint8Array, i: number): Uint8Array {
  return Uint8Array.of(...key, ...key, ...new Uint8Array(i % 5 === 0 ? 200 : 0));
}

function blockOf(keys: readonly Uint8Array[]): Uint8Array {
  const builder = new BlockBuilder();
  addAll(builder, keys.slice(0, 3));
  builder.reset(); // after which it is as good as new
  addAll(builder, keys);
  const { sizeBytes } = builder;
  const block = builder.finish();
  expect(block.length).toBe(sizeBytes);
  return block;
}

function addAll(builder: BlockBuilder, keys: readonly Uint8Array[]): void {
  keys.forEach((key, i) => {
    const last = keys[i - 1] ?? new Uint8Array(0);
    let shared = 0;
    while (shared < last.length && last[shared] === key[shared]) shared++;
    builder.add(shared, rangeOf(key), rangeOf(cellOf(key, i)));
  });
}

test("a key is found just if it is there, with its cell", () => {
  fc.assert(
    fc.property(anyKeys, fc.array(anyKey, { maxLength: 20 }), (keys, others) => {
      const block = blockOf(keys);
      const into = rangeOf(new Uint8Array(0));
      for (const key of [...keys, ...others]) {
        const place = keys.findIndex((some) => compareBytes(some, key) === 0);
        expect(findInBlock(block, key, key.length, into)).toBe(place >= 0);
        if (place >= 0) expect(bytesOf(into)).toEqual(cellOf(key, place));
      }
    }),
  );
});

test("a cursor gives all keys and cells, in order", () => {
  fc.assert(
    fc.property(anyKeys, (keys) => {
      const cursor = new BlockCursor();
      cursor.open(blockOf(keys));
      keys.forEach((key, i) => {
        expect(cursor.next()).toBe(true);
        expect(bytesOf(cursor.key)).toEqual(key);
        expect(bytesOf(cursor.cell)).toEqual(cellOf(key, i));
      });
      expect(cursor.next()).toBe(false);
    }),
  );
});

test("a key that would match if what it shares were forgotten is not found", () => {
  const keys = [Uint8Array.of(1, 1), Uint8Array.of(1, 2, 3)];
  const key = Uint8Array.of(1, 1, 2, 3);
  expect(findInBlock(blockOf(keys), key, key.length, rangeOf(key))).toBe(false);
});
