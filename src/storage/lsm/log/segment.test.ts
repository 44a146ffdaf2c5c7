import { expect, test } from "vitest";
import type { ByteRange } from "../../../base/bytes.ts";
import { RowKey } from "../../row-key.ts";
import { Segment } from "./segment.ts";

const NOTHING = { flags: 0, hashLow: 0, hashHigh: 0 };
const SOURCE = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7 + 1) % 251);

test("cells of any length and place are copied whole, from one buffer or from many, over what was there", () => {
  for (const sourceOf of [() => SOURCE, () => SOURCE.slice(), () => Buffer.from(SOURCE).subarray()]) {
    const shared = new SharedArrayBuffer(1024 * 1024);
    new Uint8Array(shared).fill(0xee); // an older segment
    const segment = new Segment(1, shared);
    const key = new RowKey(1);
    for (let length = 0; length <= 300; length++) {
      key.encode(0, SOURCE, 0, 1 + (length % 9));
      const cell: ByteRange = { bytes: sourceOf(), start: length % 13, end: (length % 13) + length };
      const offset = segment.append(key, cell, NOTHING, 0);
      const at = segment.cellStart(offset);
      const expected = SOURCE.subarray(cell.start, cell.end);
      expect(Buffer.compare(segment.bytes.subarray(at, at + length), expected)).toBe(0);
      expect(segment.bytes.subarray(at + length, segment.tail).every((byte) => byte === 0)).toBe(true);
      const other: ByteRange = { bytes: cell.bytes, start: 500, end: 500 + length };
      expect(segment.overwrite(offset, other)).toBe(true);
      const written = segment.bytes.subarray(at, at + length);
      expect(Buffer.compare(written, SOURCE.subarray(other.start, other.end))).toBe(0);
    }
  }
});
