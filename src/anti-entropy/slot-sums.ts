/**
 * Leaf sums of an engine's slots: the engine's own where it keeps them, else of its rows, gone through bit by bit so that
 * nobody waits for long.
 */
import type { Awaitable } from "../base/awaitable.ts";
import type { Clock } from "../runtime/runtime.ts";
import { MerkleSummary, SLOT_LEAF_COUNT } from "../storage/lsm/table/merkle-summary.ts";
import { databaseOfRow, OWN_DATABASE, scanStart } from "../storage/row-key.ts";
import type { RowIterator, StorageEngine } from "../storage/storage-engine.ts";
import type { VersionTraits } from "./row-span.ts";
import type { SumsOf } from "./slot-tree.ts";

/** Some hundred microseconds. */
const ROWS_AT_ONCE = 1_000;
/** Of the first part, and of all where they take long. */
const PART_SLOTS = 16;
/** Parts are added up at once for so long: each is as large as all before it, while that goes fast. */
const PART_MS = 0.5;

export function slotSums(
  engine: Pick<StorageEngine, "scan" | "merkleSummary">,
  traits: VersionTraits,
  clock: Pick<Clock, "defer" | "monotonicMs">,
): SumsOf {
  return (from, to) => {
    if (engine.merkleSummary !== undefined)
      return addUpParts(engine.merkleSummary.bind(engine), from, to, clock);
    const summary = new MerkleSummary(from, to);
    return sumRows(engine.scan(scanStart(from, 0, 0), scanStart(to, 0, 0)), summary, traits, clock);
  };
}

type Summarise = (from: number, to: number) => MerkleSummary;

/** An engine that keeps sums has to look at its memtables' rows: part by part, if there are many. */
function addUpParts(
  summarise: Summarise,
  from: number,
  to: number,
  clock: Pick<Clock, "defer" | "monotonicMs">,
): Awaitable<MerkleSummary> {
  const startedMs = clock.monotonicMs();
  const summary = new MerkleSummary(from, to);
  for (let at = from; at < to; ) {
    if (clock.monotonicMs() - startedMs > PART_MS) return addUpRest({ summary, summarise, at, to, clock });
    const end = Math.min(to, at + Math.max(PART_SLOTS, at - from));
    addPart(summary, summarise, at, end);
    at = end;
  }
  return summary;
}

async function addUpRest({
  summary,
  summarise,
  at: first,
  to,
  clock,
}: {
  readonly summary: MerkleSummary;
  readonly summarise: Summarise;
  readonly at: number;
  readonly to: number;
  readonly clock: Pick<Clock, "defer">;
}): Promise<MerkleSummary> {
  for (let at = first; at < to; at += PART_SLOTS) {
    await new Promise<void>((resolve) => clock.defer(resolve));
    addPart(summary, summarise, at, Math.min(to, at + PART_SLOTS));
  }
  return summary;
}

/** Looks at the leaves of the part alone: a summary has a million. */
function addPart(summary: MerkleSummary, summarise: Summarise, from: number, end: number): void {
  summary.addSummary(summarise(from, end), from * SLOT_LEAF_COUNT, end * SLOT_LEAF_COUNT);
}

/** At once if there are few rows, all at hand. */
function sumRows(
  rows: RowIterator,
  summary: MerkleSummary,
  traits: VersionTraits,
  clock: Pick<Clock, "defer">,
): Awaitable<MerkleSummary> {
  for (let count = 0; count < ROWS_AT_ONCE; count++) {
    const moved = rows.next();
    if (typeof moved !== "boolean") return sumRest({ rows, moved, summary, traits, clock });
    if (!moved) return summary;
    addRow(summary, rows, traits);
  }
  return sumRest({ rows, moved: undefined, summary, traits, clock });
}

interface Rest {
  readonly rows: RowIterator;
  /** Of the iterator's step that is under way, if one is. */
  readonly moved: Promise<boolean> | undefined;
  readonly summary: MerkleSummary;
  readonly traits: VersionTraits;
  readonly clock: Pick<Clock, "defer">;
}

async function sumRest({ rows, moved, summary, traits, clock }: Rest): Promise<MerkleSummary> {
  try {
    if (moved !== undefined && !(await moved)) return summary;
    if (moved !== undefined) addRow(summary, rows, traits);
    for (let count = 1; ; count++) {
      const next = rows.next();
      if (!(typeof next === "boolean" ? next : await next)) return summary;
      addRow(summary, rows, traits);
      if (count % ROWS_AT_ONCE === 0) await new Promise<void>((resolve) => clock.defer(resolve));
    }
  } finally {
    rows.close();
  }
}

function addRow(summary: MerkleSummary, { key, cell }: RowIterator, traits: VersionTraits): void {
  if (databaseOfRow(key.bytes, key.start) !== OWN_DATABASE) summary.addRow(key, cell, traits);
}
