/**
 * How much of each slot a node has seen for sure: a version vector per slot, which covers only writes that are in the
 * node's rows or over. So a row that is not there says as much as the deletion of all that the bound covers.
 *
 * Invariant: bounds only rise, until they are dropped altogether: rows were lost, or the slot is kept no more.
 *
 *   version   1 u8
 *   vectors   count number; each: entries number; of each entry the actor (8, big-endian), counter u32 low, u32 high
 *   runs      count number; each: slots number; vector number: 0 for none, else its place, from 1
 *   checksum  CRC-32 of all that u32
 */
import { crc32 } from "node:zlib";
import { actorBytes, readActor } from "../causality/actor.ts";
import type { Dot } from "../causality/dot.ts";
import { EMPTY_VECTOR, equalVectors, joinVectors, type VersionVector } from "../causality/version-vector.ts";
import { SLOT_COUNT } from "../ring/slot.ts";
import { ByteSink } from "../storage/lsm/table/byte-sink.ts";
import { ByteSource } from "../storage/lsm/table/byte-source.ts";
import type { SlotSpan } from "./exchange.ts";

const VERSION = 1;
const CHECKSUM_BYTES = 4;

export class SeenBounds {
  #bySlot: VersionVector[];
  /** Somebody keeps it as it is now: who changes it takes a copy. */
  #isShared = false;
  #highest: VersionVector = EMPTY_VECTOR;

  constructor(bySlot?: readonly VersionVector[]) {
    this.#bySlot = bySlot?.slice() ?? new Array<VersionVector>(SLOT_COUNT).fill(EMPTY_VECTOR);
    for (const vector of new Set(this.#bySlot)) this.#highest = joinVectors(this.#highest, vector);
  }

  /** Covers what that of any slot covers. Hot: what it does not cover, none does. */
  get highest(): VersionVector {
    return this.#highest;
  }

  of(slot: number): VersionVector {
    return this.#bySlot[slot]!;
  }

  /** As they are now. Costs nothing until something changes. */
  snapshot(): readonly VersionVector[] {
    this.#isShared = true;
    return this.#bySlot;
  }

  /** Raises those of the slots by `more`. True if any has changed. Slots that were equal share one vector afterwards, too. */
  raise(spans: Iterable<SlotSpan>, more: VersionVector): boolean {
    if (more.length === 0) return false;
    const joins = new Map<VersionVector, VersionVector>();
    let hasChanged = false;
    let [lastBefore, lastJoined] = [more, more];
    for (const { first, last } of spans) {
      for (let slot = first; slot <= last; slot++) {
        const before = this.#bySlot[slot]!;
        if (before !== lastBefore) {
          lastBefore = before;
          lastJoined = joins.get(before) ?? this.#join(before, more, joins);
        }
        if (lastJoined === before) continue;
        if (this.#isShared) this.#copy();
        this.#bySlot[slot] = lastJoined;
        hasChanged = true;
      }
    }
    return hasChanged;
  }

  #join(before: VersionVector, more: VersionVector, joins: Map<VersionVector, VersionVector>): VersionVector {
    let joined = joinVectors(before, more);
    if (equalVectors(joined, before)) joined = before;
    joins.set(before, joined);
    this.#highest = joinVectors(this.#highest, joined);
    return joined;
  }

  #copy(): void {
    this.#bySlot = this.#bySlot.slice();
    this.#isShared = false;
  }

  /** Drops those of all slots but those that `isKept`. True if any has gone. */
  drop(isKept: (slot: number) => boolean): boolean {
    let hasChanged = false;
    for (let slot = 0; slot < SLOT_COUNT; slot++) {
      if (this.#bySlot[slot]!.length === 0 || isKept(slot)) continue;
      if (this.#isShared) this.#copy();
      this.#bySlot[slot] = EMPTY_VECTOR;
      hasChanged = true;
    }
    if (hasChanged) this.#highest = new SeenBounds(this.#bySlot).highest;
    return hasChanged;
  }

  encode(): Uint8Array {
    const vectors = new Map<VersionVector, number>();
    const runs: { slots: number; vector: number }[] = [];
    for (const vector of this.#bySlot) {
      if (vector.length > 0 && !vectors.has(vector)) vectors.set(vector, vectors.size + 1);
      const number = vectors.get(vector) ?? 0;
      const last = runs.at(-1);
      if (last?.vector === number) last.slots++;
      else runs.push({ slots: 1, vector: number });
    }
    const sink = new ByteSink();
    sink.byte(VERSION);
    sink.number(vectors.size);
    for (const vector of vectors.keys()) writeVector(sink, vector);
    sink.number(runs.length);
    for (const { slots, vector } of runs) {
      sink.number(slots);
      sink.number(vector);
    }
    const body = sink.take();
    const bytes = new Uint8Array(body.length + CHECKSUM_BYTES);
    bytes.set(body);
    new DataView(bytes.buffer).setUint32(body.length, crc32(body), true);
    return bytes;
  }

  /** Throws StoreError CORRUPTION. */
  static decode(bytes: Uint8Array, path: string): SeenBounds {
    const body = bytes.subarray(0, Math.max(0, bytes.length - CHECKSUM_BYTES));
    const source = new ByteSource(body, { path, offset: 0 });
    const end = new ByteSource(bytes.subarray(body.length), { path, offset: body.length });
    if (end.uint32() >>> 0 !== crc32(body)) source.fail("checksum");
    if (source.bytes(1)[0] !== VERSION) source.fail("version");
    const vectors = [EMPTY_VECTOR];
    for (let left = source.number(); left > 0; left--) vectors.push(readVector(source));
    const bySlot: VersionVector[] = [];
    for (let left = source.number(); left > 0; left--) {
      const slots = source.number();
      const vector = vectors[source.number()] ?? source.fail("there is no such vector");
      if (bySlot.length + slots > SLOT_COUNT) source.fail("too many slots");
      for (let i = 0; i < slots; i++) bySlot.push(vector);
    }
    source.end();
    if (bySlot.length !== SLOT_COUNT) source.fail("too few slots");
    return new SeenBounds(bySlot);
  }
}

export function writeVector(sink: ByteSink, vector: VersionVector): void {
  sink.number(vector.length);
  for (const entry of vector) writeEntry(sink, entry);
}

export function readVector(source: ByteSource): VersionVector {
  const vector: Dot[] = [];
  for (let left = source.number(); left > 0; left--) {
    const entry = readEntry(source);
    if (vector.length > 0 && vector.at(-1)!.actor >= entry.actor) source.fail("actors out of order");
    vector.push(entry);
  }
  return vector;
}

export function writeEntry(sink: ByteSink, { actor, counter }: Dot): void {
  sink.bytes(actorBytes(actor));
  sink.uint32(counter % 2 ** 32);
  sink.uint32(Math.floor(counter / 2 ** 32));
}

export function readEntry(source: ByteSource): Dot {
  const actor = readActor(source.bytes(8), 0);
  const low = source.uint32() >>> 0;
  return { actor, counter: low + (source.uint32() >>> 0) * 2 ** 32 };
}
