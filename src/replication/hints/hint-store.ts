/**
 * Cells that wait for nodes that are down, each node's in a log of its own: durable, in order, bounded in bytes and age.
 * Source: DeCandia et al. 2007, "Dynamo", section 4.6.
 *
 *   DIR/000012.hints   a file of hints for one node, see hint-format.ts; numbers rise over all nodes
 *
 * A hint is the cell as its writer has stamped it: merged where it belongs, whenever that is, it does there what the
 * write itself would have done.
 *
 * Invariant: what was added is there until it has been delivered, is overdue, or its target has left.
 */
import type { Awaitable } from "../../base/awaitable.ts";
import { equalBytes } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import { type Logger, silentLogger } from "../../base/logger.ts";
import { mergeCells } from "../../causality/encoded-cell.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { RowKey } from "../../storage/row-key.ts";
import type { HintKeeper } from "../replica-door.ts";
import type { KeyRef } from "../step.ts";
import { hintBytes } from "./hint-format.ts";
import { HintLog, type HintLogParts } from "./hint-log.ts";
import { recoverHints } from "./hint-recovery.ts";
import type { HintDisk, HintSegment } from "./hint-segment.ts";
import { DEFAULT_HINT_SETTINGS, type HintSettings, MEMORY_HINT_SETTINGS } from "./hint-settings.ts";
import { MemoryHintDisk } from "./memory-hint-disk.ts";

export interface TargetHints {
  readonly target: NodeId;
  readonly count: number;
  readonly sizeBytes: number;
  /** Wall time. */
  readonly oldestMs: number | undefined;
}

export interface HintStatistics {
  readonly targets: readonly TargetHints[];
  readonly count: number;
  readonly sizeBytes: number;
  readonly addedCount: number;
  readonly deliveredCount: number;
  readonly overdueCount: number;
  /** Refused by their targets for what they are. */
  readonly givenUpCount: number;
  /** Not taken, for want of room. */
  readonly refusedCount: number;
}

type HintRuntime = Pick<Runtime, "clock" | "random"> & { readonly disk: HintDisk };

/** Of one row, so many hints are looked at: of the newest, each has seen nearly all before it. */
const FOUND_MAX = 16;
const TRIM_INTERVAL = 4_096;

export class HintStore implements HintKeeper {
  readonly isSynced: boolean;
  readonly settings: HintSettings;
  readonly #clock: Runtime["clock"];
  readonly #logParts: HintLogParts;
  readonly #rowKey: RowKey;
  readonly #logs = new Map<NodeId, HintLog>();
  #addedCount = 0;
  #refusedCount = 0;
  deliveredCount = 0;
  overdueCount = 0;
  givenUpCount = 0;
  #nextNumber = 1;
  #isClosed = false;

  /** Resolves with what an earlier life has left there. No directory: hints are in memory, and end with the process. */
  static async open(
    runtime: HintRuntime,
    directory: string | undefined,
    settings: Partial<HintSettings> = {},
    logger: Logger = silentLogger,
  ): Promise<HintStore> {
    const disk = directory === undefined ? new MemoryHintDisk() : runtime.disk;
    const place = { disk, directory: directory ?? "" };
    const isSynced = directory !== undefined;
    const defaults = isSynced ? DEFAULT_HINT_SETTINGS : MEMORY_HINT_SETTINGS;
    const store = new HintStore(runtime, place, { ...defaults, ...settings }, isSynced);
    await disk.makeDirectory(place.directory);
    const hashOf = (ref: KeyRef): number => store.#hashOf(ref);
    const { segments, nextNumber } = await recoverHints({ ...place, logger, hashOf });
    store.#adopt(segments, nextNumber);
    return store;
  }

  private constructor(
    { clock, random }: HintRuntime,
    place: { readonly disk: HintDisk; readonly directory: string },
    settings: HintSettings,
    isSynced: boolean,
  ) {
    this.#clock = clock;
    this.settings = settings;
    this.isSynced = isSynced;
    this.#rowKey = new RowKey(random.uint32());
    const { segmentBytes, gatherMs } = settings;
    const nextFile = () => ({ number: this.#nextNumber++, stamp: random.uint32() });
    this.#logParts = { ...place, clock, segmentBytes, gatherMs, nextFile };
  }

  /** With hints, or that had some. */
  get logs(): ReadonlyMap<NodeId, HintLog> {
    return this.#logs;
  }

  get statistics(): HintStatistics {
    const targets = [...this.#logs.values()]
      .filter(({ sizeBytes }) => sizeBytes > 0)
      .map(({ target, count, sizeBytes, oldestMs }) => ({ target, count, sizeBytes, oldestMs }));
    return {
      targets,
      count: targets.reduce((sum, { count }) => sum + count, 0),
      sizeBytes: targets.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      addedCount: this.#addedCount,
      deliveredCount: this.deliveredCount,
      overdueCount: this.overdueCount,
      givenUpCount: this.givenUpCount,
      refusedCount: this.#refusedCount,
    };
  }

  /** Hints that wait for the node. */
  countFor(target: NodeId): number {
    return this.#logs.get(target)?.count ?? 0;
  }

  waitsFor(target: NodeId): boolean {
    return this.#logs.size > 0 && this.countFor(target) > 0;
  }

  async add(
    target: NodeId,
    ref: KeyRef,
    cell: Uint8Array,
    { isUrgent = true }: { readonly isUrgent?: boolean } = {},
  ): Promise<void> {
    const log = this.#logs.get(target) ?? new HintLog(target, this.#logParts);
    this.#requireRoom(hintBytes(ref, cell) + log.headerBytes);
    if (++this.#addedCount % TRIM_INTERVAL === 0) this.#trimIndexes();
    this.#logs.set(target, log);
    const hint = { addedMs: this.#clock.wallMs(), ref, cell };
    await log.add(this.#hashOf(ref), hint, { isUrgent });
  }

  /**
   * What the hints of a row tell, whomever they are for: their cells merged, or undefined if there is none. Of very many
   * hints it knows the newest only. Rejects with StoreError IO.
   */
  find(ref: KeyRef): Awaitable<Uint8Array | undefined> {
    const hash = this.#hashOf(ref);
    const segments: HintSegment[] = [];
    for (const log of this.#logs.values()) {
      for (const segment of log.segments) {
        if (segment.index !== undefined && segment.index.offsetsOf(hash, 1).length > 0)
          segments.push(segment);
      }
    }
    return segments.length === 0 ? undefined : this.#findIn(segments, hash, ref);
  }

  /** Resolves when what was added is durable. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#logs.values()].map((log) => log.close()));
  }

  async #findIn(
    segments: readonly HintSegment[],
    hash: number,
    { database, key }: KeyRef,
  ): Promise<Uint8Array | undefined> {
    let merged: Uint8Array | undefined;
    let left = FOUND_MAX;
    for (const segment of segments.toReversed()) {
      const found = await segment.find(hash, left);
      for (const { hint } of found) {
        if (hint.ref.database !== database || !equalBytes(hint.ref.key, key)) continue;
        merged = merged === undefined ? hint.cell : mergeCells(merged, hint.cell);
      }
      left -= found.length;
      if (left <= 0) break;
    }
    return merged;
  }

  #requireRoom(sizeBytes: number): void {
    if (this.#isClosed) throw new StoreError("CLOSED", "not-applied", "the node is closing");
    let used = sizeBytes;
    let queued = sizeBytes;
    for (const log of this.#logs.values()) {
      used += log.sizeBytes;
      queued += log.queuedBytes;
    }
    if (used <= this.settings.bytesMax && queued <= this.settings.queuedBytesMax) return;
    this.#refusedCount++;
    const what =
      used > this.settings.bytesMax ? "hints fill their share of the disk" : "hints wait for the disk";
    throw new StoreError("OVERLOADED", "not-applied", `${what}: no more are taken`);
  }

  /** The oldest files lose their indexes first: they are the first to be delivered. */
  #trimIndexes(): void {
    const segments = [...this.#logs.values()].flatMap((log) => log.segments);
    const newestFirst = segments.sort((a, b) => b.header.number - a.header.number);
    let left = this.settings.indexedMax;
    for (const segment of newestFirst) {
      left -= segment.count;
      if (left < 0) segment.index = undefined;
    }
  }

  #adopt(segments: readonly HintSegment[], nextNumber: number): void {
    this.#nextNumber = nextNumber;
    for (const target of new Set(segments.map(({ header }) => header.target))) {
      const own = segments.filter(({ header }) => header.target === target);
      this.#logs.set(target, new HintLog(target, this.#logParts, own));
    }
    this.#trimIndexes();
  }

  #hashOf({ database, key }: KeyRef): number {
    this.#rowKey.encode(database, key, 0, key.length);
    return this.#rowKey.hash;
  }
}
