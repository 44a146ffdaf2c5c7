/**
 * What a table holds, in figures: gathered as it is written, kept in its properties section and in the manifest.
 * DO NOT CHANGE: see docs/formats/sstable.md to add a version.
 *
 *   level, age, rowCount, expiringCount, tombstoneCount, rawBytes,
 *   oldestWallMs, newestWallMs, earliestExpiryMs, latestExpiryMs      LEB128 each
 *   smallestKey, largestKey                                           length (LEB128), bytes
 *   slots          length (LEB128), bytes: one bit per slot from the smallest key's slot on, lowest bit first, set if
 *                  the table has a row of it
 */
import type { ByteRange } from "../../../base/bytes.ts";
import { slotOfRow } from "../../row-key.ts";
import { NEVER_EXPIRES } from "../../storage-engine.ts";
import { ByteSink } from "./byte-sink.ts";
import { ByteSource, type Origin } from "./byte-source.ts";
import type { CellTraits } from "./cell-traits.ts";

/** For whoever has to find out without a manifest which of two tables has the newer rows. */
export interface TableOrigin {
  /** That the table was written for; it may have moved further down. */
  readonly level: number;
  /** Number of the newest log segment whose rows are in it. */
  readonly age: number;
}

/** Plain data: goes between threads as it is. */
export interface TableProperties extends TableOrigin {
  readonly rowCount: number;
  /** Rows whose cells expire, tombstones not among them. */
  readonly expiringCount: number;
  readonly tombstoneCount: number;
  /** Row keys and cells, unpacked. */
  readonly rawBytes: number;
  /** Of the cells' newest hybrid clocks; 0 if there is none. */
  readonly oldestWallMs: number;
  readonly newestWallMs: number;
  /** Of the expiring rows; 0 if there is none. */
  readonly earliestExpiryMs: number;
  readonly latestExpiryMs: number;
  /** Empty if there is no row. */
  readonly smallestKey: Uint8Array;
  readonly largestKey: Uint8Array;
  /** See hasSlot. */
  readonly slots: Uint8Array;
}

const SLOT_BYTES = 16384 / 8;

/** True if the table has a row of the slot. */
export function hasSlot({ smallestKey, slots }: TableProperties, slot: number): boolean {
  if (smallestKey.length === 0) return false;
  const bit = slot - slotOfRow(smallestKey, 0);
  return bit >= 0 && bit < 8 * slots.length && (slots[bit >>> 3]! & (1 << (bit & 7))) !== 0;
}

export class PropertiesBuilder {
  readonly #traits: CellTraits;
  readonly #origin: TableOrigin;
  #rowCount = 0;
  #expiringCount = 0;
  #tombstoneCount = 0;
  #rawBytes = 0;
  #oldestWallMs = 0;
  #newestWallMs = 0;
  #earliestExpiryMs = 0;
  #latestExpiryMs = 0;
  #smallestKey: Uint8Array | undefined;
  #slotBytes = 0;
  readonly #slots = new Uint8Array(SLOT_BYTES);

  constructor(traits: CellTraits, origin: TableOrigin) {
    this.#traits = traits;
    this.#origin = origin;
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  /** Requires: rows in order. */
  add(key: ByteRange, cell: ByteRange): void {
    this.#smallestKey ??= key.bytes.slice(key.start, key.end);
    this.#rowCount++;
    this.#rawBytes += key.end - key.start + cell.end - cell.start;
    const bit = slotOfRow(key.bytes, key.start) - slotOfRow(this.#smallestKey, 0);
    this.#slots[bit >>> 3]! |= 1 << (bit & 7);
    this.#slotBytes = (bit >>> 3) + 1;
    const wallMs = this.#traits.newestWallMs(cell);
    if (wallMs > this.#newestWallMs) this.#newestWallMs = wallMs;
    if (wallMs > 0 && (this.#oldestWallMs === 0 || wallMs < this.#oldestWallMs)) this.#oldestWallMs = wallMs;
    if (this.#traits.isTombstone(cell)) this.#tombstoneCount++;
    else this.#addExpiry(this.#traits.expiresAtMs(cell));
  }

  /** `largestKey` is the last key added. */
  finish(largestKey: Uint8Array): TableProperties {
    return {
      level: this.#origin.level,
      age: this.#origin.age,
      rowCount: this.#rowCount,
      expiringCount: this.#expiringCount,
      tombstoneCount: this.#tombstoneCount,
      rawBytes: this.#rawBytes,
      oldestWallMs: this.#oldestWallMs,
      newestWallMs: this.#newestWallMs,
      earliestExpiryMs: this.#earliestExpiryMs,
      latestExpiryMs: this.#latestExpiryMs,
      smallestKey: this.#smallestKey ?? new Uint8Array(0),
      largestKey,
      slots: this.#slots.slice(0, this.#slotBytes),
    };
  }

  #addExpiry(expiresAtMs: number): void {
    if (expiresAtMs === NEVER_EXPIRES) return;
    this.#expiringCount++;
    if (expiresAtMs > this.#latestExpiryMs) this.#latestExpiryMs = expiresAtMs;
    if (this.#earliestExpiryMs === 0 || expiresAtMs < this.#earliestExpiryMs) {
      this.#earliestExpiryMs = expiresAtMs;
    }
  }
}

const FIGURES = [
  "level",
  "age",
  "rowCount",
  "expiringCount",
  "tombstoneCount",
  "rawBytes",
  "oldestWallMs",
  "newestWallMs",
  "earliestExpiryMs",
  "latestExpiryMs",
] as const satisfies readonly (keyof TableProperties)[];

export function encodeProperties(properties: TableProperties): Uint8Array {
  const sink = new ByteSink();
  for (const name of FIGURES) sink.number(properties[name]);
  sink.string(properties.smallestKey);
  sink.string(properties.largestKey);
  sink.string(properties.slots);
  return sink.take();
}

/** Throws StoreError CORRUPTION if the bytes are not what encodeProperties makes. */
export function decodeProperties(bytes: Uint8Array, origin: Origin): TableProperties {
  const source = new ByteSource(bytes, origin);
  const figures = Object.fromEntries(FIGURES.map((name) => [name, source.number()]));
  const properties = {
    ...(figures as Record<(typeof FIGURES)[number], number>),
    smallestKey: source.string().slice(),
    largestKey: source.string().slice(),
    slots: source.string().slice(),
  };
  source.end();
  return properties;
}
