/**
 * What a node's door asks of replicas about all their keys: the next ones of a range of places, and how many rows there
 * are in ranges of slots.
 * DO NOT CHANGE: docs/formats/replica-messages.md draws them, and says how versions are added.
 *
 * Readers throw StoreError INVALID_REQUEST. What they return are views of the payload.
 */
import { readLevel, writeLevel } from "./forward-message.ts";
import type { ConsistencyLevel } from "./quorum-need.ts";
import { begin, beginAnswer, open, openAnswer } from "./replica-message.ts";
import { malformedMessage } from "./wire-bytes.ts";

/** A place is a key-walk.ts one: slot and position. */
export interface WalkKeys {
  readonly epoch: number;
  readonly database: number;
  readonly from: number;
  /** The first place that is not asked for. */
  readonly to: number;
  /** About so many rows are looked at, tombstones among them. */
  readonly rowsMax: number;
}

/** A walk whose keys are to be deleted. The answer is a KeysAnswer without keys. */
export interface FlushKeys extends WalkKeys {
  /** Undefined: the keyspaces' own. */
  readonly write: ConsistencyLevel | undefined;
}

/** All live keys from where the walk began to before `place`. */
export interface KeysAnswer {
  /** Where to go on. */
  readonly place: number;
  readonly keys: readonly Uint8Array[];
}

/** Both ends are in it. */
export interface SlotRange {
  readonly first: number;
  readonly last: number;
}

export interface CountRows {
  readonly epoch: number;
  readonly database: number;
  readonly ranges: readonly SlotRange[];
}

const COUNT_MAX = 1024 * 1024;

export function encodeWalkKeys({ epoch, database, from, to, rowsMax }: WalkKeys): Uint8Array {
  return begin(epoch).uint8(database).uint48(from).uint48(to).uint32(rowsMax).finish();
}

export function decodeWalkKeys(payload: Uint8Array): WalkKeys {
  const { reader, epoch } = open(payload);
  const database = reader.uint8();
  const walk = { epoch, database, from: reader.uint48(), to: reader.uint48(), rowsMax: reader.uint32() };
  reader.end();
  return walk;
}

export function encodeFlushKeys({ epoch, database, from, to, rowsMax, write }: FlushKeys): Uint8Array {
  const writer = begin(epoch).uint8(database).uint48(from).uint48(to).uint32(rowsMax);
  return writeLevel(writer, write).finish();
}

export function decodeFlushKeys(payload: Uint8Array): FlushKeys {
  const { reader, epoch } = open(payload);
  const database = reader.uint8();
  const walk = { epoch, database, from: reader.uint48(), to: reader.uint48(), rowsMax: reader.uint32() };
  const flush = { ...walk, write: readLevel(reader) };
  reader.end();
  return flush;
}

export function encodeKeysAnswer({ place, keys }: KeysAnswer): Uint8Array {
  const writer = beginAnswer().uint48(place).uint32(keys.length);
  for (const key of keys) writer.sized(key);
  return writer.finish();
}

export function decodeKeysAnswer(payload: Uint8Array): KeysAnswer {
  const reader = openAnswer(payload);
  const place = reader.uint48();
  const count = limited(reader.uint32());
  const keys = Array.from({ length: count }, () => reader.sized());
  reader.end();
  return { place, keys };
}

export function encodeCountRows({ epoch, database, ranges }: CountRows): Uint8Array {
  const writer = begin(epoch).uint8(database).uint32(ranges.length);
  for (const { first, last } of ranges) writer.uint32(first).uint32(last);
  return writer.finish();
}

export function decodeCountRows(payload: Uint8Array): CountRows {
  const { reader, epoch } = open(payload);
  const database = reader.uint8();
  const count = limited(reader.uint32());
  const ranges = Array.from({ length: count }, () => ({ first: reader.uint32(), last: reader.uint32() }));
  reader.end();
  return { epoch, database, ranges };
}

/** One count for each range. */
export function encodeCountsAnswer(counts: readonly number[]): Uint8Array {
  const writer = beginAnswer().uint32(counts.length);
  for (const count of counts) writer.uint48(count);
  return writer.finish();
}

export function decodeCountsAnswer(payload: Uint8Array): readonly number[] {
  const reader = openAnswer(payload);
  const count = limited(reader.uint32());
  const counts = Array.from({ length: count }, () => reader.uint48());
  reader.end();
  return counts;
}

function limited(count: number): number {
  if (count > COUNT_MAX) throw malformedMessage("too much at once");
  return count;
}
