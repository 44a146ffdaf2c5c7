/**
 * Fetches the slots that this node gains by the move under way, as its plan says. Whatever is interrupted is begun again:
 * what is here already is not moved twice, since the exchange that fetches it compares first.
 */
import { StoreError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { Topology } from "../../membership/topology.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import type { Clock } from "../../runtime/runtime.ts";
import type { ClusterView } from "./cluster-view.ts";
import { type Fetch, IntakePlan, type SlotSpan, spansOf } from "./intake-plan.ts";
import type { MoveReport } from "./move-report.ts";
import { departingOf, gainersOf, slotMovesOf } from "./slot-moves.ts";

/** After a fetch that failed. */
const PAUSE_MS = 500;

export interface IntakeParts {
  readonly clock: Clock;
  readonly view: Pick<ClusterView, "self" | "topology" | "isUp">;
  /** True if it is up, and a connection to it stands. */
  readonly isSeen: (id: NodeId) => boolean;
  /** Resolves when this node has whatever the other has of those slots. Rejects with StoreError, some of it done. */
  readonly obtain: (from: NodeId, spans: readonly SlotSpan[], signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
}

interface Task {
  readonly since: number;
  readonly plan: IntakePlan;
  readonly abort: AbortController;
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
    const plan = this.#task?.since === since ? this.#task.plan : undefined;
    return {
      epoch: topology.epoch,
      since,
      isFilled: plan?.isFilled(isUp) ?? false,
      permille: plan === undefined ? 0 : Math.floor(1000 * plan.progress),
      missed: plan?.missed ?? [],
      unseen: topology.members.map(({ id }) => id).filter((id) => id !== view.self.id && !isSeen(id)),
    };
  }

  /** Resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#task?.abort.abort(new StoreError("CLOSED", "not-applied", "the node is closing"));
    await this.#task?.end;
  }

  #begin(topology: Topology, since: number): Task {
    const { self } = this.#parts.view;
    const moves = slotMovesOf(topology).filter((move) => gainersOf(move).includes(self.id));
    const plan = new IntakePlan(moves, topology.members, departingOf(topology));
    const task: Task = { since, plan, abort: new AbortController(), end: Promise.resolve() };
    if (moves.length > 0) {
      this.#parts.logger.info({ slots: moves.length, move: topology.move!.kind }, "fetching slots");
      task.end = this.#run(task);
    }
    return task;
  }

  /** Never rejects. Goes on while the move does: who was down may be back. */
  async #run({ plan, abort: { signal } }: Task): Promise<void> {
    const { clock, logger } = this.#parts;
    const { isUp } = viewOf(this.#parts);
    while (!signal.aborted) {
      const next = plan.next(isUp);
      if (next !== undefined && (await this.#obtain(next, signal))) {
        plan.onFetched(next);
        if (plan.isFilled(isUp)) logger.info({ slots: plan.slotCount }, "all slots are here");
      } else {
        await clock.sleep(PAUSE_MS, signal).catch(() => undefined); // closing: looked at above
      }
    }
  }

  async #obtain({ from, slots }: Fetch, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#parts.obtain(from, spansOf(slots), signal);
      return true;
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      if (!signal.aborted) this.#parts.logger.debug({ from, cause }, "slots could not be fetched yet");
      return false;
    }
  }
}

function viewOf({ view }: IntakeParts): { topology: Topology; isUp: (id: NodeId) => boolean } {
  return { topology: view.topology, isUp: (id) => view.isUp(id) };
}
