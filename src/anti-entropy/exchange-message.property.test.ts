/** Messages come back as they were sent; of what is cut or damaged, readers say so and nothing worse. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { StoreError } from "../base/errors.ts";
import {
  decodeComparedSums,
  decodeCompareSums,
  decodeGiveRows,
  decodeListedHashes,
  decodeListRows,
  decodeRefusedCount,
  decodeSettledRows,
  decodeSettleRows,
  encodeComparedSums,
  encodeCompareSums,
  encodeGiveRows,
  encodeListedHashes,
  encodeListRows,
  encodeRefusedCount,
  encodeSettledRows,
  encodeSettleRows,
} from "./exchange-message.ts";
import { childCountOf, WIDTHS } from "./slot-tree.ts";

const anyEpoch = fc.nat({ max: 2 ** 48 - 1 });
const anyBytes = fc.uint8Array({ maxLength: 40 });
const anyHalf = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const anyHash = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const anyHashes = fc.array(anyHash, { maxLength: 20 });
const anySpan = fc.record({
  slot: fc.nat({ max: 16_383 }),
  leaves: fc.uint8Array({ minLength: 8, maxLength: 8 }),
  after: anyBytes,
  upTo: anyBytes,
});
const anyRows = fc.array(fc.record({ database: fc.nat({ max: 255 }), key: anyBytes, cell: anyBytes }), {
  maxLength: 10,
});
const anyNodes = fc
  .tuple(fc.nat({ max: 2 }), fc.array(fc.tuple(fc.nat({ max: 127 }), anyHalf, anyHalf), { maxLength: 10 }))
  .map(([depth, nodes]) =>
    nodes.map(([index, low, high]) => ({ depth, firstSlot: index * WIDTHS[depth]!, sum: { low, high } })),
  );

type Codec<T> = readonly [fc.Arbitrary<T>, (message: T) => Uint8Array, (payload: Uint8Array) => T];
const codec = <T>(...parts: Codec<T>): Codec<unknown> => parts as unknown as Codec<unknown>;

const CODECS: readonly Codec<unknown>[] = [
  codec(fc.record({ epoch: anyEpoch, nodes: anyNodes }), encodeCompareSums, decodeCompareSums),
  codec(
    fc.record({ epoch: anyEpoch, spans: fc.array(anySpan, { maxLength: 5 }) }),
    encodeListRows,
    decodeListRows,
  ),
  codec(
    fc.array(fc.record({ upTo: anyBytes, hashes: anyHashes }), { maxLength: 5 }),
    encodeListedHashes,
    decodeListedHashes,
  ),
  codec(
    fc.record({
      epoch: anyEpoch,
      asked: fc.array(fc.record({ span: anySpan, wanted: anyHashes, offered: anyHashes }), { maxLength: 5 }),
    }),
    encodeSettleRows,
    decodeSettleRows,
  ),
  codec(
    fc.array(
      fc.record({ upTo: anyBytes, lacking: anyHashes.map((hashes) => new Set(hashes)), rows: anyRows }),
      { maxLength: 5 },
    ),
    encodeSettledRows,
    decodeSettledRows,
  ),
  codec(fc.record({ epoch: anyEpoch, rows: anyRows }), encodeGiveRows, decodeGiveRows),
  codec(fc.nat(), encodeRefusedCount, decodeRefusedCount),
];

test("messages come back", () => {
  for (const [any, encode, decode] of CODECS) {
    fc.assert(
      fc.property(any, (message) => {
        expect(decode(encode(message).slice())).toEqual(message);
      }),
    );
  }
});

test("sums of children come back, of nodes that differ", () => {
  const anyAnswer = fc
    .tuple(
      anyNodes,
      fc.infiniteStream(fc.option(fc.array(anyHalf, { minLength: 128, maxLength: 128 }), { nil: undefined })),
    )
    .map(([nodes, sums]) => ({
      nodes,
      sums: nodes.map((node) => {
        const halves = sums.next().value;
        return halves && Int32Array.from(halves.slice(0, 2 * childCountOf(node)));
      }),
    }));
  fc.assert(
    fc.property(anyAnswer, ({ nodes, sums }) => {
      expect(decodeComparedSums(encodeComparedSums(sums), nodes)).toEqual(sums);
    }),
  );
});

test("what is cut, changed or made up is refused or read, never more", () => {
  for (const [any, encode, decode] of CODECS) {
    const anyDamage = fc
      .tuple(any, fc.nat(), fc.nat({ max: 255 }), fc.boolean())
      .map(([message, at, to, isCut]) => {
        const bytes = encode(message).slice();
        if (isCut) return bytes.subarray(0, at % bytes.length);
        bytes[at % bytes.length] = to;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(anyDamage, fc.uint8Array({ maxLength: 60 })), (bytes) => {
        try {
          decode(bytes);
        } catch (cause) {
          expect(cause).toBeInstanceOf(StoreError);
          expect(cause).toMatchObject({ code: "INVALID_REQUEST", outcome: "not-applied" });
        }
      }),
    );
  }
});

test("the bytes are those that the format says", () => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  const span = {
    slot: 300,
    leaves: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 128),
    after: Uint8Array.of(7),
    upTo: Uint8Array.of(),
  };
  const spanBytes = `ac02${"0100000000000080"}0107${"00"}`;
  expect(
    hex(encodeCompareSums({ epoch: 5, nodes: [{ depth: 1, firstSlot: 8, sum: { low: 1, high: -1 } }] })),
  ).toBe("010501010801000000ffffffff");
  expect(hex(encodeComparedSums([undefined, Int32Array.of(1, 2)]))).toBe("0100010100000002000000");
  expect(hex(encodeListRows({ epoch: 5, spans: [span] }))).toBe(`010501${spanBytes}`);
  expect(hex(encodeListedHashes([{ upTo: Uint8Array.of(9), hashes: [0x1_0000_0002n] }]))).toBe(
    "01010109010200000001000000",
  );
  expect(hex(encodeSettleRows({ epoch: 5, asked: [{ span, wanted: [1n], offered: [] }] }))).toBe(
    `010501${spanBytes}01010000000000000000`,
  );
  expect(hex(encodeSettledRows([{ upTo: Uint8Array.of(), lacking: new Set(), rows: [] }]))).toBe(
    "0101000000",
  );
  const row = { database: 2, key: Uint8Array.of(97), cell: Uint8Array.of(1, 2) };
  expect(hex(encodeGiveRows({ epoch: 5, rows: [row] }))).toBe("01050102016102" + "0102");
  expect(hex(encodeRefusedCount(3))).toBe("0103");
});
