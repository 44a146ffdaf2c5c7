/**
 * Fetches the slots that this node gains by the move under way, as its plan says. Whatever is interrupted is begun again:
 * what is here already is not moved twice, since the exchange that fetches it compares first.
 */
import type { SlotSpan } from "../../anti-entropy/exchange.ts";
import type { ExchangeOutcome } from "../../anti-entropy/exchange-driver.ts";
import { StoreError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { Topology } from "../../membership/topology.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import type { Clock } from "../../runtime/runtime.ts";
import type { ClusterView } from "./cluster-view.ts";
import { type Fetch, IntakePlan, spansOf } from "./intake-plan.ts";
import type { MoveReport } from "./move-report.ts";
import { departingOf, gainersOf, slotsOf, spanMovesOf } from "./slot-moves.ts";

/** After a fetch that failed. */
const PAUSE_MS = 500;
/** Whoever failed is asked again after so long, or if nobody else has what is missing. */
const PASSED_OVER_MS = 5_000;

export interface IntakeParts {
  readonly clock: Pick<Clock, "monotonicMs" | "sleep">;
  readonly view: Pick<ClusterView, "self" | "topology" | "isUp">;
  /** True if it is up, and a connection to it stands. */
  readonly isSeen: (id: NodeId) => boolean;
  readonly obtain: (from: NodeId, spans: readonly SlotSpan[], signal: AbortSignal) => Obtaining;
  readonly logger: Logger;
}

/** A fetch that has begun. */
export interface Obtaining {
  /** Grows while it goes on: 0 to 1. */
  readonly progress: number;
  readonly outcome: Pick<ExchangeOutcome, "pulled" | "bytesSent" | "bytesReceived">;
  /** Resolves when this node has whatever the other has of those slots. Rejects with StoreError, some of it done. */
  readonly end: Promise<void>;
}

interface Task {
  readonly since: number;
  readonly plan: IntakePlan;
  readonly abort: AbortController;
  /** Of the fetches that are over. */
  rows: number;
  bytes: number;
  underWay: Obtaining | undefined;
  end: Promise<void>;
}

export class Intake {
  readonly #parts: IntakeParts;
  #task: Task | undefined;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** Needs to be called a few times a second. */
  onTick(): void {
    const { topology } = this.#parts.view;
    const { move } = topology;
    if (this.#task !== undefined && this.#task.since !== move?.since) {
      this.#task.abort.abort(new StoreError("CLOSED", "not-applied", "the move is over"));
      this.#task = undefined;
    }
    if (move?.stage === "streaming") this.#task ??= this.#begin(topology, move.since);
  }

  get report(): MoveReport {
    const { topology, isUp } = viewOf(this.#parts);
    const { view, isSeen } = this.#parts;
    const since = topology.move?.since ?? 0;
    const task = this.#task?.since === since ? this.#task : undefined;
    const plan = task?.plan;
    return {
      epoch: topology.epoch,
      since,
      isFilled: plan?.isFilled(isUp) ?? false,
      permille: Math.floor(1000 * (plan?.progress(task?.underWay?.progress ?? 0) ?? 0)),
      missed: plan?.missed ?? [],
      unseen: topology.members.map(({ id }) => id).filter((id) => id !== view.self.id && !isSeen(id)),
      slots: plan?.slotCount ?? 0,
      slotsDone: plan?.slotsDone(isUp) ?? 0,
      rows: (task?.rows ?? 0) + (task?.underWay?.outcome.pulled ?? 0),
      bytes: (task?.bytes ?? 0) + bytesOf(task?.underWay),
    };
  }

  /** Resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#task?.abort.abort(new StoreError("CLOSED", "not-applied", "the node is closing"));
    await this.#task?.end;
  }

  #begin(topology: Topology, since: number): Task {
    const { self } = this.#parts.view;
    const gained = spanMovesOf(topology).filter((move) => gainersOf(move).includes(self.id));
    const moves = gained.flatMap(slotsOf);
    const plan = new IntakePlan(self.id, moves, topology.members, departingOf(topology));
    const end = Promise.resolve();
    const task: Task = {
      since,
      plan,
      abort: new AbortController(),
      rows: 0,
      bytes: 0,
      underWay: undefined,
      end,
    };
    if (moves.length > 0) {
      this.#parts.logger.info({ slots: moves.length, move: topology.move!.kind }, "fetching slots");
      task.end = this.#run(task);
    }
    return task;
  }

  /** Never rejects. Goes on while the move does: who was down may be back. */
  async #run(task: Task): Promise<void> {
    const { plan, abort } = task;
    const { signal } = abort;
    const { clock, logger } = this.#parts;
    const { isUp } = viewOf(this.#parts);
    const failedMs = new Map<NodeId, number>();
    const isWell = (id: NodeId): boolean =>
      isUp(id) && clock.monotonicMs() - (failedMs.get(id) ?? Number.NEGATIVE_INFINITY) >= PASSED_OVER_MS;
    while (!signal.aborted) {
      const next = plan.next(isWell) ?? plan.next(isUp);
      const isHere = next !== undefined && (await this.#obtain(next, task));
      if (next !== undefined && !isHere) failedMs.set(next.from, clock.monotonicMs());
      if (next !== undefined && isHere) {
        plan.onFetched(next);
        if (plan.isFilled(isUp)) logger.info({ slots: plan.slotCount }, "all slots are here");
      } else {
        await clock.sleep(PAUSE_MS, signal).catch(() => undefined); // closing: looked at above
      }
    }
  }

  async #obtain({ from, slots }: Fetch, task: Task): Promise<boolean> {
    const { signal } = task.abort;
    const obtaining = this.#parts.obtain(from, spansOf(slots), signal);
    task.underWay = obtaining;
    try {
      await obtaining.end;
      return true;
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      if (!signal.aborted) this.#parts.logger.debug({ from, cause }, "slots could not be fetched yet");
      return false;
    } finally {
      task.rows += obtaining.outcome.pulled;
      task.bytes += bytesOf(obtaining);
      task.underWay = undefined;
    }
  }
}

function bytesOf(obtaining: Obtaining | undefined): number {
  return obtaining === undefined ? 0 : obtaining.outcome.bytesSent + obtaining.outcome.bytesReceived;
}

function viewOf({ view }: IntakeParts): { topology: Topology; isUp: (id: NodeId) => boolean } {
  return { topology: view.topology, isUp: (id) => view.isUp(id) };
}
