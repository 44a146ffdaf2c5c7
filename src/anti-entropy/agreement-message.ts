/**
 * What replicas tell one another to agree on what they have all seen, and on rows that may be forgotten: payloads of the
 * peers' requests and answers. DO NOT CHANGE: docs/formats/exchange-messages.md draws them.
 *
 * Readers throw StoreError INVALID_REQUEST. What they return are views of the payload.
 */
import { type Actor, actorBytes, readActor } from "../causality/actor.ts";
import type { VersionVector } from "../causality/version-vector.ts";
import { SLOT_COUNT } from "../ring/slot.ts";
import { ByteSink } from "../storage/lsm/table/byte-sink.ts";
import type { ByteSource } from "../storage/lsm/table/byte-source.ts";
import { KEY_BYTES_MAX } from "../storage/row-key.ts";
import type { SlotSpan } from "./exchange.ts";
import { HASHES_MAX } from "./exchange-message.ts";
import { readMessage } from "./message-reading.ts";
import type { RowHash } from "./row-span.ts";
import { readVector, writeVector } from "./seen-bounds.ts";

/** Numbers of the requests among all that peers make; those of exchanges come before. */
export const AGREEMENT_METHOD = { tellLife: 84, agree: 85, dropRows: 86, tellState: 87 } as const;

/** Slots that were found equal, and what both replicas have seen of them, as far as the asker tells. */
export interface EqualSlots {
  readonly spans: readonly SlotSpan[];
  readonly seen: VersionVector;
}

/** Who is asked, and when, by its own clock: it gets that back with what is found equal. */
export interface LifeMoment {
  /** Ends when rows may be lost. */
  readonly life: Actor;
  readonly atMs: number;
}

export interface Agree extends LifeMoment {
  readonly epoch: number;
  readonly groups: readonly EqualSlots[];
}

/** "What this version says I have seen and forgotten." */
export interface GoneRow {
  readonly database: number;
  readonly key: Uint8Array;
  readonly hash: RowHash;
}

/** Of a member. */
export interface MemberState {
  readonly life: Actor;
  /** Dots of its actor, and overwrites that others made for it under its relay actor, that are surely where they belong. */
  readonly settled: VersionVector;
  /** True if it keeps nothing for others: no hints, no rows of slots that are not its own. */
  readonly isEmptyHanded: boolean;
  readonly wallMs: number;
}

const VERSION = 1;

export function encodeEpoch(epoch: number): Uint8Array {
  const sink = begin();
  sink.number(epoch);
  return sink.take();
}

export function decodeEpoch(payload: Uint8Array): number {
  return reading(payload, (source) => source.number());
}

export function encodeLife(moment: LifeMoment): Uint8Array {
  const sink = begin();
  writeMoment(sink, moment);
  return sink.take();
}

export function decodeLife(payload: Uint8Array): LifeMoment {
  return reading(payload, readMoment);
}

export function encodeAgree({ epoch, groups, ...moment }: Agree): Uint8Array {
  const sink = begin();
  sink.number(epoch);
  writeMoment(sink, moment);
  sink.number(groups.length);
  for (const { spans, seen } of groups) {
    writeVector(sink, seen);
    sink.number(spans.length);
    for (const { first, last } of spans) {
      sink.number(first);
      sink.number(last);
    }
  }
  return sink.take();
}

export function decodeAgree(payload: Uint8Array): Agree {
  return reading(payload, (source) => {
    const epoch = source.number();
    const moment = readMoment(source);
    const groups = repeat(countUpTo(source, SLOT_COUNT), () => {
      const seen = readVector(source);
      const spans = repeat(countUpTo(source, SLOT_COUNT), () => {
        const first = source.number();
        const last = source.number();
        return first <= last && last < SLOT_COUNT ? { first, last } : source.fail("there is no such span");
      });
      return { seen, spans };
    });
    return { epoch, ...moment, groups };
  });
}

export function encodeDropRows(epoch: number, rows: readonly GoneRow[]): Uint8Array {
  const sink = begin();
  sink.number(epoch);
  sink.number(rows.length);
  for (const { database, key, hash } of rows) {
    sink.byte(database);
    sink.string(key);
    sink.uint32(Number(hash & 0xffff_ffffn));
    sink.uint32(Number(hash >> 32n));
  }
  return sink.take();
}

export function decodeDropRows(payload: Uint8Array): {
  readonly epoch: number;
  readonly rows: readonly GoneRow[];
} {
  return reading(payload, (source) => {
    const epoch = source.number();
    const rows = repeat(countUpTo(source, HASHES_MAX), () => {
      const database = source.bytes(1)[0]!;
      const key = source.string();
      if (key.length > KEY_BYTES_MAX) source.fail("a key is too long");
      const low = BigInt(source.uint32() >>> 0);
      return { database, key, hash: (BigInt(source.uint32() >>> 0) << 32n) | low };
    });
    return { epoch, rows };
  });
}

/** How much of what was asked for was done. */
export function encodeDone(count: number): Uint8Array {
  const sink = begin();
  sink.number(count);
  return sink.take();
}

export function decodeDone(payload: Uint8Array): number {
  return reading(payload, (source) => source.number());
}

export function encodeState({ life, settled, isEmptyHanded, wallMs }: MemberState): Uint8Array {
  const sink = begin();
  sink.bytes(actorBytes(life));
  writeVector(sink, settled);
  sink.byte(isEmptyHanded ? 1 : 0);
  sink.number(wallMs);
  return sink.take();
}

export function decodeState(payload: Uint8Array): MemberState {
  return reading(payload, (source) => {
    const life = readLife(source);
    const settled = readVector(source);
    return { life, settled, isEmptyHanded: source.bytes(1)[0] === 1, wallMs: source.number() };
  });
}

function begin(): ByteSink {
  const sink = new ByteSink(64);
  sink.byte(VERSION);
  return sink;
}

function reading<T>(payload: Uint8Array, read: (source: ByteSource) => T): T {
  return readMessage({ payload, name: "agreement message", version: VERSION }, read);
}

function writeMoment(sink: ByteSink, { life, atMs }: LifeMoment): void {
  sink.bytes(actorBytes(life));
  sink.number(atMs);
}

function readMoment(source: ByteSource): LifeMoment {
  return { life: readLife(source), atMs: source.number() };
}

function readLife(source: ByteSource): Actor {
  return readActor(source.bytes(8), 0);
}

function countUpTo(source: ByteSource, countMax: number): number {
  const count = source.number();
  return count <= countMax ? count : source.fail(`${count} are too many`);
}

/** In order. */
function repeat<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}
