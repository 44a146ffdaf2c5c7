import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8 } from "../base/bytes.ts";
import { actorBytes } from "./actor.ts";
import { type Cell, NEVER } from "./cell.ts";
import { decodeCell, encodeCell } from "./cell-codec.ts";
import { ALICE, anyUint48, BOB, CAROL, stamp, value } from "./cell-samples.oracle.ts";
import { overwrite } from "./cell-write.ts";
import {
  COMPACT_HEADER_BYTES_MAX,
  type CompactStamp,
  compactCounter,
  compactExpiresAtMs,
  compactLogical,
  compactOverwriteHeaderBytes,
  compactPayloadStart,
  compactWallMs,
  isCompact,
  isCompactBy,
  writeCompactOverwrite,
} from "./compact-cell.ts";
import { COUNTER_MAX } from "./dot.ts";

test("each field can be read in place", () => {
  const seen = overwrite(undefined, value("old", stamp(BOB, 3, 1)));
  const sibling = { ...value("payload", stamp(ALICE, COUNTER_MAX, 2 ** 47 + 1), 2 ** 40 + 7) };
  const cell = encodeCell(overwrite(seen, { ...sibling, hlc: { ...sibling.hlc, logical: 0xfedc } }));
  const page = Uint8Array.of(9, 9, 9, ...cell, 9);
  expect(isCompact(page, 3, 3 + cell.length)).toBe(true);
  expect(compactCounter(page, 3)).toBe(COUNTER_MAX);
  expect(compactWallMs(page, 3)).toBe(2 ** 47 + 1);
  expect(compactLogical(page, 3)).toBe(0xfedc);
  expect(compactExpiresAtMs(page, 3)).toBe(2 ** 40 + 7);
  expect(isCompactBy(page, 3, actorBytes(ALICE))).toBe(true);
  expect(isCompactBy(page, 3, actorBytes(BOB))).toBe(false);
  expect(page.subarray(compactPayloadStart(page, 3), 3 + cell.length)).toEqual(utf8("payload"));
});

test("a cell without expiry says so", () => {
  const cell = encodeCell(overwrite(undefined, value("x", stamp(ALICE, 1, 1))));
  expect(compactExpiresAtMs(cell, 0)).toBe(NEVER);
});

test("the general form and no bytes at all are not compact", () => {
  expect(isCompact(Uint8Array.of(2, 2, 0, 0, 0), 0, 5)).toBe(false);
  expect(isCompact(Uint8Array.of(1), 1, 1)).toBe(false);
});

interface Write {
  readonly actor: bigint;
  readonly expiresAtMs: number;
  readonly wallMs: number;
  readonly logical: number;
  readonly payload: Uint8Array;
}

const anyWrite: fc.Arbitrary<Write> = fc.record({
  actor: fc.oneof(fc.constantFrom(ALICE, BOB, CAROL), fc.bigInt({ min: 0n, max: 40n })),
  expiresAtMs: fc.oneof(fc.constant(NEVER), anyUint48),
  wallMs: anyUint48,
  logical: fc.nat(0xffff),
  payload: fc.uint8Array({ maxLength: 8 }),
});

test("the hot path writes the bytes of the general path", () => {
  fc.assert(
    fc.property(fc.array(anyWrite, { maxLength: 30 }), fc.nat(2 ** 40), (writes, base) => {
      let cell: Cell | undefined;
      let bytes = new Uint8Array(0);
      for (const [i, write] of writes.entries()) {
        const counter = base + i + 1;
        const { actor, wallMs, logical, expiresAtMs, payload } = write;
        const hlc = { wallMs, logical };
        cell = overwrite(cell, { kind: "value", dot: { actor, counter }, hlc, expiresAtMs, payload });
        const hot = overwriteHot({ actorBytes: actorBytes(actor), counter, ...write }, bytes, payload);
        const general = encodeCell(cell);
        expect(hot).toEqual(isCompact(general, 0, general.length) ? general : undefined);
        expect(decodeCell(general)).toEqual(cell);
        bytes = Uint8Array.from(general);
      }
    }),
    { numRuns: 2000 },
  );
});

/** As a coordinator does, in the middle of larger buffers; undefined if there is no hot path. */
function overwriteHot(
  stamp: CompactStamp,
  existing: Uint8Array,
  payload: Uint8Array,
): Uint8Array | undefined {
  const page = Uint8Array.of(7, 7, ...existing, 7);
  const end = 2 + existing.length;
  const headerBytes = compactOverwriteHeaderBytes(stamp, page, 2, end);
  if (headerBytes === 0) return undefined;
  const target = new Uint8Array(headerBytes + payload.length + 5).fill(0xee);
  const payloadAt = writeCompactOverwrite(target, 5, stamp, page, 2, end);
  expect(payloadAt).toBe(5 + headerBytes);
  target.set(payload, payloadAt);
  expect(target.subarray(0, 5)).toEqual(new Uint8Array(5).fill(0xee));
  return target.slice(5);
}

test("the hot path ends where a 17th actor writes, not before", () => {
  let cell: Cell | undefined;
  for (let i = 1; i <= 16; i++) cell = overwrite(cell, value("x", stamp(BigInt(i), 1, 1)));
  const bytes = encodeCell(cell!);
  const by = (actor: bigint): CompactStamp => {
    return { actorBytes: actorBytes(actor), counter: 2, wallMs: 2, logical: 0, expiresAtMs: 9 };
  };
  expect(compactOverwriteHeaderBytes(by(7n), bytes, 0, bytes.length)).toBe(COMPACT_HEADER_BYTES_MAX);
  expect(compactOverwriteHeaderBytes(by(17n), bytes, 0, bytes.length)).toBe(0);
  const next = encodeCell(overwrite(cell, value("y", stamp(7n, 2, 2), 9)));
  expect(overwriteHot(by(7n), bytes, utf8("y"))).toEqual(next);
});

test("there is no hot path for a dot that the row has seen already", () => {
  const bytes = encodeCell(
    overwrite(overwrite(undefined, value("x", stamp(ALICE, 3, 1))), value("y", stamp(BOB, 5, 2))),
  );
  const headerBytes = (actor: bigint, counter: number): number => {
    const stamp = { actorBytes: actorBytes(actor), counter, wallMs: 2, logical: 0, expiresAtMs: NEVER };
    return compactOverwriteHeaderBytes(stamp, bytes, 0, bytes.length);
  };
  expect([headerBytes(ALICE, 3), headerBytes(BOB, 5)]).toEqual([0, 0]);
  expect([headerBytes(ALICE, 4), headerBytes(BOB, 6)]).toEqual([38, 38]);
});
