/**
 * What replicas ask of one another to find where they differ: payloads of the peers' requests and answers.
 * DO NOT CHANGE: docs/formats/exchange-messages.md draws them, and says how versions are added.
 *
 * Readers throw StoreError INVALID_REQUEST. What they return are views of the payload.
 */
import { SLOT_COUNT } from "../ring/slot.ts";
import type { Hash64 } from "../storage/lsm/table/byte-hash.ts";
import { ByteSink } from "../storage/lsm/table/byte-sink.ts";
import type { ByteSource } from "../storage/lsm/table/byte-source.ts";
import { KEY_BYTES_MAX } from "../storage/row-key.ts";
import { LEAF_SET_BYTES } from "./leaf-set.ts";
import { readMessage } from "./message-reading.ts";
import type { RowHash, RowSpan } from "./row-span.ts";
import { childCountOf, isTreeNode, type TreeNode } from "./slot-tree.ts";

/** Numbers of the requests among all that peers make: 80 to 95. */
export const EXCHANGE_METHOD = {
  compareSums: 80,
  listRows: 81,
  settleRows: 82,
  giveRows: 83,
  /** 84 to 87 are those of agreements. */
  fetchRows: 88,
} as const;

/** Nodes or spans of one question, hashes of one list, and rows given at once, counted and in bytes (one row may be longer). */
export const NODES_MAX = 64;
export const SPANS_MAX = 64;
export const HASHES_MAX = 2_048;
export const ROWS_BYTES_MAX: number = 256 * 1024;

interface Addressed {
  /** The topology by which the asker knows which slots both keep. */
  readonly epoch: number;
}

/** "Are these your sums, too?" All nodes have one depth. */
export interface CompareSums extends Addressed {
  readonly nodes: readonly (TreeNode & { readonly sum: Hash64 })[];
}

/** Of each node asked: the sums of its children, or undefined if its own is equal. */
export type ComparedSums = readonly (Int32Array | undefined)[];

export interface ListRows extends Addressed {
  readonly spans: readonly RowSpan[];
}

export interface ListedHashes {
  readonly hashes: readonly RowHash[];
  /** The last row key that was listed; empty if these are all. */
  readonly upTo: Uint8Array;
}

export interface SettleRows extends Addressed {
  readonly asked: readonly AskedSpan[];
}

/** "Give me those that you still have of `wanted`; and which of `offered` do you still lack?" */
export interface AskedSpan {
  readonly span: RowSpan;
  readonly wanted: readonly RowHash[];
  readonly offered: readonly RowHash[];
}

export interface MovedRow {
  readonly database: number;
  readonly key: Uint8Array;
  /** Encoded. */
  readonly cell: Uint8Array;
}

export interface SettledRows {
  /** The last row key that was looked at, where one answer takes no more; empty if the whole span was. */
  readonly upTo: Uint8Array;
  /** Of those offered, what no row has that was looked at. */
  readonly lacking: ReadonlySet<RowHash>;
  readonly rows: readonly MovedRow[];
}

export interface GiveRows extends Addressed {
  readonly rows: readonly MovedRow[];
}

/** "Give me all that you have of these slots." The answer is that to SettleRows of one span. */
export interface FetchRows extends Addressed {
  readonly first: number;
  readonly last: number;
  /** Only row keys after it; empty for all from the first. */
  readonly after: Uint8Array;
}

const VERSION = 1;

export function encodeCompareSums({ epoch, nodes }: CompareSums): Uint8Array {
  const sink = begin(epoch);
  sink.byte(nodes[0]?.depth ?? 0);
  sink.number(nodes.length);
  for (const { firstSlot, sum } of nodes) {
    sink.number(firstSlot);
    sink.uint32(sum.low);
    sink.uint32(sum.high);
  }
  return sink.take();
}

export function decodeCompareSums(payload: Uint8Array): CompareSums {
  return reading(payload, (source) => {
    const epoch = source.number();
    const depth = source.bytes(1)[0]!;
    const nodes = repeat(countUpTo(source, NODES_MAX), () => {
      const node = { depth, firstSlot: source.number(), sum: sumFrom(source) };
      return isTreeNode(node) ? node : source.fail("there is no such node");
    });
    return { epoch, nodes };
  });
}

export function encodeComparedSums(sums: ComparedSums): Uint8Array {
  const sink = beginAnswer();
  for (const children of sums) {
    sink.byte(children === undefined ? 0 : 1);
    for (const half of children ?? []) sink.uint32(half);
  }
  return sink.take();
}

export function decodeComparedSums(payload: Uint8Array, nodes: readonly TreeNode[]): ComparedSums {
  return reading(payload, (source) =>
    nodes.map((node) => {
      const differs = source.bytes(1)[0]!;
      if (differs > 1) source.fail("a sum is equal or not");
      if (differs === 0) return undefined;
      return Int32Array.from({ length: 2 * childCountOf(node) }, () => source.uint32());
    }),
  );
}

export function encodeListRows({ epoch, spans }: ListRows): Uint8Array {
  const sink = begin(epoch);
  sink.number(spans.length);
  for (const span of spans) writeSpan(sink, span);
  return sink.take();
}

export function decodeListRows(payload: Uint8Array): ListRows {
  return reading(payload, (source) => {
    const epoch = source.number();
    return { epoch, spans: repeat(countUpTo(source, SPANS_MAX), () => readSpan(source)) };
  });
}

/** Of the first spans that were asked for; at least of one, if there is any. */
export function encodeListedHashes(listed: readonly ListedHashes[]): Uint8Array {
  const sink = beginAnswer();
  sink.number(listed.length);
  for (const { hashes, upTo } of listed) {
    sink.string(upTo);
    writeHashes(sink, hashes);
  }
  return sink.take();
}

export function decodeListedHashes(payload: Uint8Array): readonly ListedHashes[] {
  return reading(payload, (source) =>
    repeat(countUpTo(source, SPANS_MAX), () => {
      const upTo = source.string();
      return { upTo, hashes: readHashes(source) };
    }),
  );
}

export function encodeSettleRows({ epoch, asked }: SettleRows): Uint8Array {
  const sink = begin(epoch);
  sink.number(asked.length);
  for (const { span, wanted, offered } of asked) {
    writeSpan(sink, span);
    writeHashes(sink, wanted);
    writeHashes(sink, offered);
  }
  return sink.take();
}

export function decodeSettleRows(payload: Uint8Array): SettleRows {
  return reading(payload, (source) => {
    const epoch = source.number();
    const asked = repeat(countUpTo(source, SPANS_MAX), () => {
      const span = readSpan(source);
      const wanted = readHashes(source);
      return { span, wanted, offered: readHashes(source) };
    });
    return { epoch, asked };
  });
}

/** Of the first spans that were asked for; at least of one, if there is any. */
export function encodeSettledRows(settled: readonly SettledRows[]): Uint8Array {
  const sink = beginAnswer();
  sink.number(settled.length);
  for (const { upTo, lacking, rows } of settled) {
    sink.string(upTo);
    writeHashes(sink, [...lacking]);
    writeRows(sink, rows);
  }
  return sink.take();
}

export function decodeSettledRows(payload: Uint8Array): readonly SettledRows[] {
  return reading(payload, (source) =>
    repeat(countUpTo(source, SPANS_MAX), () => {
      const upTo = source.string();
      const lacking = new Set(readHashes(source));
      return { upTo, lacking, rows: readRows(source) };
    }),
  );
}

export function encodeGiveRows({ epoch, rows }: GiveRows): Uint8Array {
  const sink = begin(epoch);
  writeRows(sink, rows);
  return sink.take();
}

export function decodeGiveRows(payload: Uint8Array): GiveRows {
  return reading(payload, (source) => ({ epoch: source.number(), rows: readRows(source) }));
}

export function encodeFetchRows({ epoch, first, last, after }: FetchRows): Uint8Array {
  const sink = begin(epoch);
  sink.number(first);
  sink.number(last);
  sink.string(after);
  return sink.take();
}

export function decodeFetchRows(payload: Uint8Array): FetchRows {
  return reading(payload, (source) => {
    const [epoch, first, last] = [source.number(), source.number(), source.number()];
    if (first > last || last >= SLOT_COUNT) source.fail("there are no such slots");
    return { epoch, first, last, after: source.string() };
  });
}

/** How many of the rows given were refused. */
export function encodeRefusedCount(count: number): Uint8Array {
  const sink = beginAnswer();
  sink.number(count);
  return sink.take();
}

export function decodeRefusedCount(payload: Uint8Array): number {
  return reading(payload, (source) => source.number());
}

/** About what a row takes in a message. */
export function rowBytes({ key, cell }: MovedRow): number {
  return key.length + cell.length + 8;
}

function begin(epoch: number): ByteSink {
  const sink = beginAnswer();
  sink.number(epoch);
  return sink;
}

function beginAnswer(): ByteSink {
  const sink = new ByteSink();
  sink.byte(VERSION);
  return sink;
}

function reading<T>(payload: Uint8Array, read: (source: ByteSource) => T): T {
  return readMessage({ payload, name: "exchange message", version: VERSION }, read);
}

function writeSpan(sink: ByteSink, { slot, leaves, after, upTo }: RowSpan): void {
  sink.number(slot);
  sink.bytes(leaves);
  sink.string(after);
  sink.string(upTo);
}

function readSpan(source: ByteSource): RowSpan {
  const slot = source.number();
  if (slot >= SLOT_COUNT) source.fail("there is no such slot");
  return { slot, leaves: source.bytes(LEAF_SET_BYTES), after: source.string(), upTo: source.string() };
}

function writeHashes(sink: ByteSink, hashes: readonly RowHash[]): void {
  sink.number(hashes.length);
  for (const hash of hashes) {
    sink.uint32(Number(hash & 0xffff_ffffn));
    sink.uint32(Number(hash >> 32n));
  }
}

function readHashes(source: ByteSource): readonly RowHash[] {
  return repeat(countUpTo(source, HASHES_MAX), () => {
    const low = BigInt(source.uint32());
    return (BigInt(source.uint32()) << 32n) | low;
  });
}

function writeRows(sink: ByteSink, rows: readonly MovedRow[]): void {
  sink.number(rows.length);
  for (const { database, key, cell } of rows) {
    sink.byte(database);
    sink.string(key);
    sink.string(cell);
  }
}

function readRows(source: ByteSource): readonly MovedRow[] {
  return repeat(countUpTo(source, HASHES_MAX), () => {
    const database = source.bytes(1)[0]!;
    const key = source.string();
    if (key.length > KEY_BYTES_MAX) source.fail("a key is too long");
    return { database, key, cell: source.string() };
  });
}

function sumFrom(source: ByteSource): Hash64 {
  const low = source.uint32() | 0;
  return { low, high: source.uint32() | 0 };
}

function countUpTo(source: ByteSource, countMax: number): number {
  const count = source.number();
  return count <= countMax ? count : source.fail(`${count} are too many`);
}

/** In order. */
function repeat<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}
