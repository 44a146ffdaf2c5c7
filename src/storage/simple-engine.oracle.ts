/** Cells, keys and looks at an engine that are simple enough for the tests of every StorageEngine. */
import { type ByteRange, compareBytes, toText, utf8 } from "../base/bytes.ts";
import { RowKey } from "./row-key.ts";
import { type CellRules, NEVER_EXPIRES, type StorageEngine } from "./storage-engine.ts";

/**
 * A simple cell: 8 bytes of expiry (big-endian, ms), then a payload. Merging keeps the greater cell. An empty
 * payload is a deleted value: collectible once the wall time has reached its expiry, or never if that is 0.
 * A payload collectible at its expiry otherwise, too; one that begins with "!" never.
 */
export const simpleRules: CellRules = {
  merge: (existing, incoming) => (compareBytes(existing, incoming) >= 0 ? existing : incoming),
  expiresAtMs: (cell) => expiryOf(cell),
  isCollectible(cell, wallMs) {
    const expiresAtMs = expiryOf(cell);
    return expiresAtMs !== NEVER_EXPIRES && expiresAtMs <= wallMs && cell.bytes[cell.start + 8] !== 0x21;
  },
};

function expiryOf({ bytes, start }: ByteRange): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  return view.getUint32(0) * 2 ** 32 + view.getUint32(4);
}

export function simpleCell(payload: string | Uint8Array, expiresAtMs: number = NEVER_EXPIRES): ByteRange {
  const content = typeof payload === "string" ? utf8(payload) : payload;
  const bytes = new Uint8Array(8 + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(expiresAtMs / 2 ** 32));
  view.setUint32(4, expiresAtMs % 2 ** 32);
  bytes.set(content, 8);
  return { bytes, start: 0, end: bytes.length };
}

export function simpleKey(key: string | Uint8Array, database = 0, seed = 1): RowKey {
  const bytes = typeof key === "string" ? utf8(key) : key;
  const rowKey = new RowKey(seed);
  rowKey.encode(database, bytes, 0, bytes.length);
  return rowKey;
}

export interface EngineUnderTest {
  readonly engine: StorageEngine;
  /** The wall clock the engine reads; starts at 1,000,000,000,000. */
  readonly wall: { nowMs: number };
}

/** Makes an empty engine with `rules`. Every RowKey of a test has seed 1. */
export type CreateEngine = (rules: CellRules) => EngineUnderTest | Promise<EngineUnderTest>;

/** Gives a test an engine, with simpleRules if no others are told, and closes it. */
export type WithEngine = (
  body: (under: EngineUnderTest) => Promise<void>,
  rules?: CellRules,
) => Promise<void>;

export function withEngineOf(create: CreateEngine): WithEngine {
  return async (body, rules = simpleRules) => {
    const under = await create(rules);
    try {
      await body(under);
    } finally {
      await under.engine.close();
    }
  };
}

export function rangeOf(bytes: Uint8Array): ByteRange {
  return { bytes, start: 0, end: bytes.length };
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export async function cellAt(engine: StorageEngine, key: RowKey): Promise<Uint8Array | undefined> {
  const into: ByteRange = { bytes: new Uint8Array(0), start: 0, end: 0 };
  return (await engine.get(key, into)) ? into.bytes.slice(into.start, into.end) : undefined;
}

export function cellOf(
  engine: StorageEngine,
  key: string | Uint8Array,
  database = 0,
): Promise<Uint8Array | undefined> {
  return cellAt(engine, simpleKey(key, database));
}

export async function payloadOf(
  engine: StorageEngine,
  key: string | Uint8Array,
  database = 0,
): Promise<string | undefined> {
  const cell = await cellOf(engine, key, database);
  return cell === undefined ? undefined : toText(cell.subarray(8));
}

export async function rowKeysIn(
  engine: StorageEngine,
  from: Uint8Array,
  to: Uint8Array | undefined,
): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  const rows = engine.scan(from, to);
  while (await rows.next()) found.push(rows.key.bytes.slice(rows.key.start, rows.key.end));
  rows.close();
  return found;
}

/** The keys of all rows (shorter than 128 bytes, in database 0), in alphabetical order. */
export async function keysOf(engine: StorageEngine): Promise<string[]> {
  const rowKeys = await rowKeysIn(engine, new Uint8Array(0), undefined);
  return rowKeys.map((rowKey) => toText(rowKey.subarray(6))).sort();
}
