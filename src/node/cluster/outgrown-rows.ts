/**
 * Drops the rows of slots that this node does not keep any more, some at a time.
 *
 * Invariant: a row goes only once its owners have what it says. After a move in which all who gained slots of this node have
 * fetched them from it, they have. Else (it was down meanwhile, or something came late) the row is brought to all of them first.
 */
import { StoreError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { Topology } from "../../membership/topology.ts";
import type { Coordinator } from "../../replication/coordinator.ts";
import type { ReceivedCells } from "../../replication/received-cells.ts";
import type { KeyRef } from "../../replication/step.ts";
import { SLOT_COUNT } from "../../ring/slot.ts";
import type { Clock } from "../../runtime/runtime.ts";
import { turnPause } from "../../runtime/turn-pause.ts";
import { databaseOfRow, keyRange, OWN_DATABASE, scanStart, slotOfRow } from "../../storage/row-key.ts";
import type { StorageEngine } from "../../storage/storage-engine.ts";
import type { ClusterView } from "./cluster-view.ts";

const SLICE_ROWS = 100;
/** What came late is looked for so often, */
const LOOK_MS = 20_000;
/** and so soon after there was something: more may be coming, and rows that are being changed stay for now. */
const AGAIN_MS = 5_000;
const REST_MIN_MS = 1;
const REST_MAX_MS = 100;

export interface OutgrownRowsParts {
  readonly clock: Pick<Clock, "defer" | "sleep" | "monotonicMs" | "turnMs">;
  readonly engine: Pick<StorageEngine, "scan" | "durable">;
  readonly view: Pick<ClusterView, "self" | "epoch" | "topology" | "owns" | "starts">;
  readonly coordinator: Pick<Coordinator, "bringToAll">;
  readonly received: Pick<ReceivedCells, "forget">;
  readonly logger: Logger;
}

interface Swept {
  readonly found: number;
  readonly dropped: number;
}

interface Row {
  readonly ref: KeyRef;
  readonly rowKey: Uint8Array;
  readonly cell: Uint8Array;
}

export class OutgrownRows {
  readonly #parts: OutgrownRowsParts;
  readonly #closing = new AbortController();
  #end: Promise<void> | undefined;
  /** The epoch in which owners surely have all that this node has and does not keep. */
  #settledEpoch = 0;
  #nextMs = 0;

  constructor(parts: OutgrownRowsParts) {
    this.#parts = parts;
  }

  onTopology(before: Topology, after: Topology): void {
    const { move } = before;
    const isHeard = move?.stage === "settling" && !move.missed.includes(this.#parts.view.self.id);
    if (isHeard && after.move === undefined && after.epoch === before.epoch + 1) {
      this.#settledEpoch = after.epoch;
    }
    this.#nextMs = 0;
  }

  /** Needs to be called a few times a second. */
  onTick(nowMs: number): void {
    if (this.#end !== undefined || nowMs < this.#nextMs || this.#parts.view.topology.move !== undefined)
      return;
    this.#nextMs = nowMs + LOOK_MS;
    this.#end = this.#sweep().finally(() => {
      this.#end = undefined;
    });
  }

  /** Resolves when the engine is left alone. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#end;
  }

  /** Never rejects but by a defect. */
  async #sweep(): Promise<void> {
    const { view, engine, logger, clock } = this.#parts;
    const { epoch } = view;
    let found = 0;
    let dropped = 0;
    try {
      for (const { first, end } of foreignSpans(view)) {
        const paused = turnPause(clock); // of many nodes there are many spans, most of them empty
        if (paused !== undefined) await paused;
        const count = await this.#dropSpan(first, end, epoch);
        if (count === undefined) return;
        found += count.found;
        dropped += count.dropped;
      }
      if (dropped > 0) await engine.durable();
      if (found > 0) this.#nextMs = clock.monotonicMs() + AGAIN_MS;
      this.#settledEpoch = 0; // what is here from now on came late: a hint, perhaps the only one
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      this.#nextMs = clock.monotonicMs() + AGAIN_MS;
      logger.debug({ cause }, "rows of slots that have moved away stay for now");
    }
    if (dropped > 0) logger.info({ rows: dropped }, "dropped rows of slots that have moved away");
  }

  /** How many there were, and how many of them went; undefined if the plan has changed, or the node closes. */
  async #dropSpan(slot: number, endSlot: number, epoch: number): Promise<Swept | undefined> {
    const { clock, view, engine, coordinator, received } = this.#parts;
    const end = scanStart(endSlot, 0, 0);
    let from = scanStart(slot, 0, 0);
    for (let [found, dropped] = [0, 0]; ; ) {
      const startedMs = clock.monotonicMs();
      const rows = await this.#rowsFrom(from, end);
      if (rows.length === 0) return { found, dropped };
      found += rows.length;
      for (const row of rows) {
        const paused = turnPause(clock);
        if (paused !== undefined) await paused;
        if (view.epoch !== epoch || this.#closing.signal.aborted) return undefined;
        if (epoch !== this.#settledEpoch) await coordinator.bringToAll(row.ref, row.cell);
        // If it has changed since, it is looked at again later.
        if (await received.forget(row.ref, row.cell)) dropped++;
      }
      from = after(rows.at(-1)!.rowKey);
      const tookMs = clock.monotonicMs() - startedMs;
      await engine.durable();
      // Nobody waits for it: it takes half of what time there is at most.
      if (tookMs < REST_MIN_MS) await new Promise<void>((resolve) => clock.defer(resolve));
      else await clock.sleep(Math.min(tookMs, REST_MAX_MS), this.#closing.signal).catch(() => undefined); // looked at above
    }
  }

  async #rowsFrom(from: Uint8Array, end: Uint8Array): Promise<readonly Row[]> {
    const rows: Row[] = [];
    const found = this.#parts.engine.scan(from, end);
    try {
      while (rows.length < SLICE_ROWS) {
        const moved = found.next();
        if (!(typeof moved === "boolean" ? moved : await moved)) break;
        const { key, cell } = found;
        const database = databaseOfRow(key.bytes, key.start);
        if (
          database === OWN_DATABASE ||
          this.#parts.view.owns(this.#parts.view.self.id, slotOfRow(key.bytes, key.start))
        )
          continue;
        const name = keyRange(key.bytes, key.start);
        rows.push({
          ref: { database, key: key.bytes.slice(name.start, name.end) },
          rowKey: key.bytes.slice(key.start, key.end),
          cell: cell.bytes.slice(cell.start, cell.end),
        });
      }
    } finally {
      found.close();
    }
    return rows;
  }
}

/** All slots that this node does not keep: `first` <= slot < `end`. */
function foreignSpans(
  view: OutgrownRowsParts["view"],
): readonly { readonly first: number; readonly end: number }[] {
  const spans: { first: number; end: number }[] = [];
  view.starts.forEach((first, i) => {
    if (view.owns(view.self.id, first)) return;
    const end = view.starts[i + 1] ?? SLOT_COUNT;
    const last = spans.at(-1);
    if (last?.end === first) last.end = end;
    else spans.push({ first, end });
  });
  return spans;
}

/** The least row key that comes after. */
function after(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}
