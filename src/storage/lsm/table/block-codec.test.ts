import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { utf8 } from "../../../base/bytes.ts";
import { SimRandom } from "../../../sim/sim-random.ts";
import { BlockPacker, PACKING, type Packing, unpackBlock } from "./block-codec.ts";

const PACKS_WELL = utf8("what is repeated ".repeat(50));
const PACKS_NOT = new SimRandom("bytes that do not pack").bytes(1000);

function unpack(packed: Uint8Array, rawBytes: number, checksum = crc32(packed)): Uint8Array {
  return unpackBlock(packed, { offset: 4096, rawBytes, checksum }, "/t");
}

test.each<Packing>(["stored", "lz4", "deflate"])("%s: a block is unpacked as it was", (packing) => {
  const packer = new BlockPacker(packing);
  for (const block of [PACKS_WELL, PACKS_NOT, Uint8Array.of(1), PACKS_WELL]) {
    expect(unpack(packer.pack(block), block.length)).toEqual(block);
  }
});

test("a block that hardly shrinks is stored", () => {
  for (const packing of ["lz4", "deflate"] as const) {
    const packer = new BlockPacker(packing);
    expect(packer.pack(PACKS_WELL)[0]).toBe(PACKING[packing]);
    expect(packer.pack(PACKS_NOT)).toEqual(Uint8Array.of(PACKING.stored, ...PACKS_NOT));
  }
});

test("after many blocks that did not shrink, it is tried again soon", () => {
  const packer = new BlockPacker("lz4");
  for (let i = 0; i < 50; i++) packer.pack(PACKS_NOT);
  const packings = Array.from({ length: 8 }, () => packer.pack(PACKS_WELL)[0]);
  const first = packings.indexOf(PACKING.lz4);
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(4);
  expect(packings.slice(first).every((packing) => packing === PACKING.lz4)).toBe(true);
});

test.each([
  ["a wrong checksum", () => unpack(Uint8Array.of(0, 1, 2), 2, 7)],
  ["a packing that nobody knows", () => unpack(Uint8Array.of(3, 1, 2), 2)],
  ["a stored block of another length", () => unpack(Uint8Array.of(0, 1, 2), 3)],
  ["a deflated block of another length", () => unpack(new BlockPacker("deflate").pack(PACKS_WELL), 7)],
  ["what deflate cannot have made", () => unpack(Uint8Array.of(2, 0xff, 0xff), 3)],
  ["what LZ4 cannot have made", () => unpack(Uint8Array.of(1, 0xff, 0xff), 3)],
  ["nothing at all", () => unpack(new Uint8Array(0), 0)],
])("%s is corruption, told with file and offset", (_, act) => {
  expect(act).toThrow(expect.objectContaining({ code: "CORRUPTION" }));
  expect(act).toThrow("/t: offset 4096: the block");
});
