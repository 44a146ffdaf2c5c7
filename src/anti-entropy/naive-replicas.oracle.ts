/**
 * Replicas of one cluster in their simplest form, for tests: rows are sets of letters, merged by union; the network is a
 * call that takes some time, and may fail.
 */

import { toText, utf8 } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import type { SimWorld } from "../sim/sim-runtime.ts";
import { MerkleSummary } from "../storage/lsm/table/merkle-summary.ts";
import { MemoryEngine } from "../storage/memory/memory-engine.ts";
import { DEFAULT_LIMITS } from "../storage/memory/memory-limits.ts";
import { RowKey, scanStart } from "../storage/row-key.ts";
import { type CellRules, NEVER_EXPIRES } from "../storage/storage-engine.ts";
import { DEFAULT_EXCHANGE, type ExchangeSettings, type SlotSpan } from "./exchange.ts";
import { ExchangeDoor } from "./exchange-door.ts";
import { ExchangeDriver, type ExchangeOutcome } from "./exchange-driver.ts";
import { ExchangePace, URGENT_PACE } from "./exchange-pace.ts";
import { ExchangedRows } from "./exchanged-rows.ts";
import type { VersionTraits } from "./row-span.ts";

export const ALL_SLOTS: readonly SlotSpan[] = [{ first: 0, last: 16_383 }];

const unionRules: CellRules = {
  merge(existing, incoming) {
    const union = unionOf(toText(existing), toText(incoming));
    return union === toText(existing) ? existing : utf8(union);
  },
  expiresAtMs: () => NEVER_EXPIRES,
  isCollectible: () => false,
};

export function unionOf(a: string, b: string): string {
  return [...new Set([...a, ...b])].sort().join("");
}

export const wholeCell: VersionTraits = {
  versionRange(cell, into) {
    into.bytes = cell.bytes;
    into.start = cell.start;
    into.end = cell.end;
  },
};

export class NaiveReplica {
  readonly rows: ExchangedRows;
  readonly door: ExchangeDoor;
  readonly engine: MemoryEngine;
  /** Rows that came by exchanges. */
  taken = 0;
  isShared: (slot: number) => boolean = () => true;
  readonly #key = new RowKey(1);

  constructor(world: SimWorld, name: string) {
    const { clock, random } = world.runtime(name);
    this.engine = new MemoryEngine({
      ...DEFAULT_LIMITS,
      rules: unionRules,
      random,
      clock,
    });
    this.rows = new ExchangedRows({
      engine: this.engine,
      traits: wholeCell,
      rowCountOf: (slot) => this.engine.slotCount(slot, 0),
      sumsOf: (from, to) => this.#sums(from, to),
      merge: ({ database, key, cell }) => {
        this.taken++;
        this.write(toText(key), toText(cell), database);
        return undefined;
      },
      durable: () => undefined,
      clock,
    });
    this.door = new ExchangeDoor({
      rows: this.rows,
      sharedWith: () => (slot) => this.isShared(slot),
      onGone: () => undefined,
    });
  }

  write(key: string, letters: string, database = 0): void {
    const name = utf8(key);
    const cell = utf8(letters);
    this.#key.encode(database, name, 0, name.length);
    this.engine.merge(this.#key, { bytes: cell, start: 0, end: cell.length });
  }

  /** Row keys in hexadecimal, with what the rows hold. */
  contents(): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    const rows = this.engine.scan(new Uint8Array(0), undefined);
    while (rows.next()) {
      const { key, cell } = rows;
      const name = Buffer.from(key.bytes.subarray(key.start, key.end)).toString("hex");
      found.set(name, toText(cell.bytes.subarray(cell.start, cell.end)));
    }
    return found;
  }

  #sums(from: number, to: number): MerkleSummary {
    const summary = new MerkleSummary();
    const rows = this.engine.scan(scanStart(from, 0, 0), scanStart(to, 0, 0));
    while (rows.next()) summary.addRow(rows.key, rows.cell, wholeCell);
    return summary;
  }
}

export interface TalkOptions {
  readonly spans?: readonly SlotSpan[];
  readonly settings?: Partial<ExchangeSettings>;
  /** Of a hundred calls. */
  readonly failures?: number;
  /** Called before each question is answered. */
  readonly onAsked?: (method: number) => void;
  readonly signal?: AbortSignal;
}

/** One exchange that `from` begins with `to`. */
export function exchange(
  world: SimWorld,
  from: NaiveReplica,
  to: NaiveReplica,
  { spans = ALL_SLOTS, settings = {}, failures = 0, onAsked, signal }: TalkOptions = {},
): { readonly driver: ExchangeDriver; readonly run: Promise<ExchangeOutcome> } {
  const random = world.random("calls");
  const { clock } = world.runtime("network");
  const driver = new ExchangeDriver(spans, {
    rows: from.rows,
    isShared: from.isShared,
    epoch: 1,
    ask: async (method, payload) => {
      await clock.sleep(1 + random.below(5));
      if (random.below(100) < failures) throw new StoreError("IO", "unknown", "the link broke");
      onAsked?.(method);
      return to.door.onRequest(method, { bytes: payload, start: 0, end: payload.length }, "a");
    },
    p99Ms: () => 1,
    pace: new ExchangePace(URGENT_PACE),
    clock,
    settings: { ...DEFAULT_EXCHANGE, ...settings },
    signal: signal ?? new AbortController().signal,
  });
  return { driver, run: driver.run().then(() => driver.outcome) };
}
