import fc from "fast-check";
import { expect, test } from "vitest";
import { compareBytes, toText, utf8 } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import { slotOf } from "../ring/slot.ts";
import {
  compareRowKeys,
  databaseOfRow,
  hashRow,
  KEY_BYTES_MAX,
  keyRange,
  positionOfRow,
  RowKey,
  scanStart,
  slotOfRow,
} from "./row-key.ts";

const anyKeyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 120, maxLength: 300 }),
  fc.string().map((text) => utf8(`{${text}}rest`)),
);

function encoded(key: Uint8Array, database = 0, seed = 1): RowKey {
  const rowKey = new RowKey(seed);
  rowKey.encode(database, key, 0, key.length);
  return rowKey;
}

test("a row key has the bytes drawn in its file", () => {
  // The slot of "foo" is 12182 in Redis Cluster.
  const rowKey = encoded(utf8("foo"), 7).copy();
  expect([...rowKey.subarray(0, 3)]).toEqual([12182 >> 8, 12182 & 0xff, 7]);
  expect(rowKey[5]).toBe(3);
  expect(toText(rowKey.subarray(6))).toBe("foo");
});

test("positions are what is on disk already", () => {
  const positions = ["", "a", "foo", "{tag}1"].map((key) => positionOfRow(encoded(utf8(key)).bytes, 0));
  expect(positions).toEqual([31755, 45491, 23716, 52868]);
});

test("a row key tells its slot, database and key", () => {
  fc.assert(
    fc.property(anyKeyBytes, fc.integer({ min: 0, max: 15 }), (key, database) => {
      const rowKey = encoded(key, database).copy();
      const framed = new Uint8Array([9, 9, ...rowKey, 9]);
      expect(slotOfRow(framed, 2)).toBe(slotOf(key));
      expect(databaseOfRow(framed, 2)).toBe(database);
      const { start, end } = keyRange(framed, 2);
      expect(end).toBe(framed.length - 1);
      expect(framed.slice(start, end)).toEqual(key);
    }),
  );
});

test("the hash of a row is that of its key, for every seed", () => {
  fc.assert(
    fc.property(anyKeyBytes, fc.integer({ min: 0, max: 15 }), fc.integer(), (key, database, seed) => {
      const rowKey = encoded(key, database, seed);
      const framed = new Uint8Array([1, ...rowKey.copy(), 2]);
      expect(hashRow(framed, 1, framed.length - 1, seed | 0)).toBe(rowKey.hash);
    }),
  );
});

test("a row key made of whole words is the one made of bytes, and is found where that stands", () => {
  fc.assert(
    fc.property(anyKeyBytes, fc.integer({ min: 0, max: 15 }), fc.nat(3), (key, database, at) => {
      const source = new Uint8Array([...new Array(at).fill(7), ...key, 1, 2, 3]);
      const byBytes = encoded(key, database);
      const byWords = new RowKey(1);
      byWords.encode(9, source, 0, source.length, new DataView(source.buffer)); // what was there before
      byWords.encode(database, source, at, at + key.length, new DataView(source.buffer));
      expect(byWords.hash).toBe(byBytes.hash);
      expect(byBytes.isAt(byWords.words, 0)).toBe(true);
      expect(byWords.isAt(byBytes.words, 0)).toBe(true);
      expect(byWords.copy()).toEqual(byBytes.copy());
      expect(byWords.words.subarray(0, (byWords.length + 3) >> 2)).toEqual(
        byBytes.words.subarray(0, (byBytes.length + 3) >> 2),
      );
    }),
  );
});

test("a row key is not where another one of its length stands", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(199), (key, at) => {
      const other = key.slice();
      other[at % key.length]! ^= 1 << (at & 7);
      const words = encoded(other).words;
      const named = new RowKey(1);
      named.encode(0, key, 0, key.length, new DataView(key.buffer, key.byteOffset, key.length));
      expect(named.isAt(words, 0)).toBe(false);
      expect(encoded(key).isAt(words, 0)).toBe(false);
      expect(encoded(key, 3).isAt(encoded(key, 4).words, 0)).toBe(false);
    }),
  );
});

test("keys of different databases do not share a hash because their first bytes differ as the databases do", () => {
  const hashes = new Set<number>();
  for (let database = 0; database < 16; database++) {
    for (let byte = 0; byte < 256; byte++) hashes.add(encoded(Uint8Array.of(byte), database).hash);
  }
  expect(hashes.size).toBe(16 * 256);
});

test("the hash depends on the key, the database and the seed", () => {
  const [alpha, beta] = [utf8("alpha"), utf8("beta")];
  const hashes = [encoded(alpha), encoded(beta), encoded(alpha, 1), encoded(alpha, 0, 0x5eed)];
  expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(4);
});

test("words are the bytes, padded with zeros, whatever was encoded before", () => {
  fc.assert(
    fc.property(fc.array(anyKeyBytes, { minLength: 2, maxLength: 4 }), (keys) => {
      const rowKey = new RowKey(1);
      for (const key of keys) {
        rowKey.encode(0, key, 0, key.length);
        const padded = new Uint8Array(Math.ceil(rowKey.length / 4) * 4);
        padded.set(rowKey.copy());
        const words = rowKey.words.slice(0, padded.length / 4);
        expect(new Uint8Array(words.buffer)).toEqual(padded);
      }
    }),
  );
});

test("a loaded row key equals the one it was loaded from", () => {
  fc.assert(
    fc.property(anyKeyBytes, fc.integer({ min: 0, max: 15 }), (key, database) => {
      const original = encoded(key, database);
      const framed = new Uint8Array([5, ...original.copy()]);
      const loaded = new RowKey(1);
      loaded.load(framed, 1, framed.length);
      expect(loaded.copy()).toEqual(original.copy());
      expect(loaded.hash).toBe(original.hash);
    }),
  );
});

test("the longest key fits, and one byte more is refused as the client's mistake", () => {
  expect(encoded(new Uint8Array(KEY_BYTES_MAX)).length).toBe(5 + 3 + KEY_BYTES_MAX);
  expect(() => encoded(new Uint8Array(KEY_BYTES_MAX + 1))).toThrow(
    new StoreError("INVALID_REQUEST", "not-applied", "key is longer than 65536 bytes"),
  );
});

test("rows stand in order of slot, then database, then position", () => {
  fc.assert(
    fc.property(anyKeyBytes, anyKeyBytes, fc.integer({ min: 0, max: 15 }), (a, b, database) => {
      const [first, second] = [encoded(a, database).copy(), encoded(b, 3).copy()];
      const placeOf = (row: Uint8Array): number =>
        (slotOfRow(row, 0) * 16 + databaseOfRow(row, 0)) * 0x1_0000 + positionOfRow(row, 0);
      const difference = placeOf(first) - placeOf(second);
      if (difference !== 0) expect(Math.sign(compareRowKeys(first, second))).toBe(Math.sign(difference));
    }),
  );
});

test("a scan's start is not after any row of its position, and after every earlier one", () => {
  fc.assert(
    fc.property(anyKeyBytes, (key) => {
      const rowKey = encoded(key).copy();
      const [slot, position] = [slotOfRow(rowKey, 0), positionOfRow(rowKey, 0)];
      expect(compareBytes(scanStart(slot, 0, position), rowKey)).toBeLessThan(0);
      if (position < 0xffff)
        expect(compareBytes(scanStart(slot, 0, position + 1), rowKey)).toBeGreaterThan(0);
    }),
  );
});
