/** Messages come back as they were sent; of what is cut or damaged, readers say so and nothing worse. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { StoreError } from "../base/errors.ts";
import { INT64_MAX, INT64_MIN } from "../causality/cell.ts";
import { decodeContextToken, encodeClientContext } from "../causality/context-token.ts";
import {
  type ApplyChange,
  decodeApplyChange,
  decodeForward,
  decodeForwardAnswer,
  encodeApplyChange,
  encodeForward,
  encodeForwardAnswer,
  type ForwardAnswer,
  type ForwardRequest,
} from "./forward-message.ts";
import {
  decodeAck,
  decodeCellAnswer,
  decodeDigestAnswer,
  decodeReadRow,
  decodeWriteCell,
  encodeAck,
  encodeCellAnswer,
  encodeDigestAnswer,
  encodeReadRow,
  encodeWriteCell,
  type WriteCell,
} from "./replica-message.ts";
import type { Change } from "./step.ts";
import {
  decodeCountRows,
  decodeCountsAnswer,
  decodeFlushKeys,
  decodeKeysAnswer,
  decodeWalkKeys,
  encodeCountRows,
  encodeCountsAnswer,
  encodeFlushKeys,
  encodeKeysAnswer,
  encodeWalkKeys,
} from "./sweep-message.ts";
import {
  decodeRepliesAnswer,
  decodeTransact,
  encodeRepliesAnswer,
  encodeTransact,
} from "./transact-message.ts";

const anyBytes = fc.uint8Array({ maxLength: 40 });
const anyUint48 = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const anyUint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const anyRef = fc.record({ database: fc.integer({ min: 0, max: 255 }), key: anyBytes });
const anyDot = fc.record({
  actor: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  counter: fc.integer({ min: 1, max: 2 ** 48 - 1 }),
});
/** As a token gives it: what a token cannot tell apart is one context. */
const anyContext = fc
  .record({ dots: fc.uniqueArray(anyDot, { selector: ({ actor }) => actor, maxLength: 3 }) })
  .map(({ dots }) => {
    const context = dots.toSorted((a, b) => (a.actor < b.actor ? -1 : 1));
    return decodeContextToken(encodeClientContext({ context, absorbed: [] }));
  });
const maybeContext = fc.option(anyContext, { nil: undefined }).map((context) => (context ? { context } : {}));
const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc
    .tuple(anyBytes, anyUint48, maybeContext)
    .map(([value, expiresAtMs, seen]) => ({ kind: "put" as const, value, expiresAtMs, ...seen })),
  fc.record({ kind: fc.constant("patch" as const), value: anyBytes, at: anyUint32 }),
  maybeContext.map((seen) => ({ kind: "delete" as const, ...seen })),
  fc.record({ kind: fc.constant("expire" as const), expiresAtMs: anyUint48 }),
  fc.record({
    kind: fc.constant("increment" as const),
    by: fc.bigInt({ min: INT64_MIN, max: INT64_MAX }),
  }),
);
const anyLevel = fc.option(
  fc.oneof(
    fc.constantFrom("one" as const, "quorum" as const, "all" as const),
    fc.constantFrom("local_quorum" as const, "each_quorum" as const),
    fc.integer({ min: 1, max: 99 }),
  ),
  { nil: undefined },
);
const anyWrite: fc.Arbitrary<WriteCell> = fc.record({
  epoch: anyUint48,
  ref: anyRef,
  cell: anyBytes,
  hintFor: fc.option(fc.string({ minLength: 1, maxLength: 60, unit: "grapheme" }), { nil: undefined }),
});
const anyForward: fc.Arbitrary<ForwardRequest> = fc.record({
  epoch: anyUint48,
  database: fc.integer({ min: 0, max: 15 }),
  protocol: fc.constantFrom(2, 3),
  read: anyLevel,
  write: anyLevel,
  timeoutMs: anyUint32,
  wantsReceipt: fc.boolean(),
  args: fc.array(anyBytes, { maxLength: 5 }),
});
const anyApply: fc.Arbitrary<ApplyChange> = fc.record({
  epoch: anyUint48,
  ref: anyRef,
  write: anyLevel,
  change: anyChange,
});
const anyNames = fc.array(fc.string({ maxLength: 20, unit: "grapheme" }), { maxLength: 4 });
const anyReceipt = fc.record({
  machines: anyNames,
  racks: anyNames,
  nodes: anyNames,
  fallbacks: anyNames,
  syncedCount: anyUint32,
});
const anyForwardAnswer: fc.Arbitrary<ForwardAnswer> = fc.record({
  receipt: fc.option(anyReceipt, { nil: undefined }),
  reply: anyBytes,
});
const anyDatabase = fc.integer({ min: 0, max: 255 });
const anyWalk = fc.record({
  epoch: anyUint48,
  database: anyDatabase,
  from: anyUint48,
  to: anyUint48,
  rowsMax: anyUint32,
});
const anyFlush = fc.tuple(anyWalk, anyLevel).map(([walk, write]) => ({ ...walk, write }));
const anyKeys = fc.record({ place: anyUint48, keys: fc.array(anyBytes, { maxLength: 5 }) });
const anyRange = fc.record({ first: fc.nat(16383), last: fc.nat(16383) });
const anyCount = fc.record({
  epoch: anyUint48,
  database: anyDatabase,
  ranges: fc.array(anyRange, { maxLength: 5 }),
});
const anyTransaction = fc.record({
  epoch: anyUint48,
  protocol: fc.constantFrom(2 as const, 3 as const),
  read: anyLevel,
  write: anyLevel,
  watches: fc.array(fc.record({ ref: anyRef, version: fc.string({ maxLength: 30 }) }), { maxLength: 3 }),
  calls: fc.array(fc.record({ database: anyDatabase, args: fc.array(anyBytes, { maxLength: 4 }) }), {
    maxLength: 4,
  }),
});
const anyReplies = fc.option(fc.array(anyBytes, { maxLength: 4 }), { nil: undefined });

const CODECS = [
  ["write cell", anyWrite, encodeWriteCell, decodeWriteCell],
  ["read row", fc.record({ epoch: anyUint48, ref: anyRef }), encodeReadRow, decodeReadRow],
  ["ack", fc.record({ isSynced: fc.boolean() }), encodeAck, decodeAck],
  ["cell", fc.option(anyBytes, { nil: undefined }), encodeCellAnswer, decodeCellAnswer],
  ["digest", anyBytes, encodeDigestAnswer, decodeDigestAnswer],
  ["forward", anyForward, encodeForward, decodeForward],
  ["apply change", anyApply, encodeApplyChange, decodeApplyChange],
  ["answer to both", anyForwardAnswer, encodeForwardAnswer, decodeForwardAnswer],
  ["walk keys", anyWalk, encodeWalkKeys, decodeWalkKeys],
  ["flush keys", anyFlush, encodeFlushKeys, decodeFlushKeys],
  ["keys", anyKeys, encodeKeysAnswer, decodeKeysAnswer],
  ["count rows", anyCount, encodeCountRows, decodeCountRows],
  ["counts", fc.array(anyUint48, { maxLength: 5 }), encodeCountsAnswer, decodeCountsAnswer],
  ["transact", anyTransaction, encodeTransact, decodeTransact],
  ["replies", anyReplies, encodeRepliesAnswer, decodeRepliesAnswer],
] as const;

test.each(CODECS)("%s: comes back as it was sent", (_, any, encode, decode) => {
  fc.assert(
    fc.property(any as fc.Arbitrary<never>, (message) => {
      expect(plain(decode(encode(message)))).toEqual(plain(message));
    }),
  );
});

test.each(CODECS)("%s: damage is refused, or read as another message", (_, any, encode, decode) => {
  const anyDamage = fc.record({ cut: fc.nat(), at: fc.nat(), flip: fc.integer({ min: 0, max: 255 }) });
  fc.assert(
    fc.property(any as fc.Arbitrary<never>, anyDamage, (message, { cut, at, flip }) => {
      const whole = encode(message);
      const bytes = whole.slice(0, cut % (whole.length + 1));
      if (bytes.length > 0) bytes[at % bytes.length]! ^= flip;
      try {
        decode(bytes);
      } catch (cause) {
        expect(cause).toBeInstanceOf(StoreError);
        expect(cause).toMatchObject({ code: "INVALID_REQUEST", outcome: "not-applied" });
      }
    }),
    { numRuns: 500 },
  );
});

test("another version is refused", () => {
  const payload = encodeReadRow({ epoch: 1, ref: { database: 0, key: Uint8Array.of(1) } });
  payload[0] = 2;
  expect(() => decodeReadRow(payload)).toThrow(/version 2/);
});

/** Buffers and arrays of bytes alike. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
}
