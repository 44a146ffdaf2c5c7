/**
 * Slots on their way from node to node, as this node takes part in it: it asks for changes of the plan, fetches what it
 * gains, carries the move through if it falls to it, and drops what it has lost. ADR 12.
 */
import { StoreError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { memberOf, type Topology } from "../../membership/topology.ts";
import {
  cancelMove,
  changeWeight,
  removeMember,
  type TopologyChange,
} from "../../membership/topology-change.ts";
import type { Coordinator } from "../../replication/coordinator.ts";
import type { ReceivedCells } from "../../replication/received-cells.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import type { Clock } from "../../runtime/runtime.ts";
import type { StorageEngine } from "../../storage/storage-engine.ts";
import { Admission } from "./admission.ts";
import type { ClusterView } from "./cluster-view.ts";
import { Intake, type IntakeParts } from "./intake.ts";
import type { Membership } from "./membership.ts";
import { MoveDriver } from "./move-driver.ts";
import type { MoveFigures } from "./move-progress.ts";
import { OutgrownRows } from "./outgrown-rows.ts";
import type { PeerStation } from "./peer-station.ts";
import { isStuck } from "./stuck-move.ts";
import type { TopologyRegister } from "./topology-register.ts";

export interface MovesParts {
  readonly clock: Clock;
  readonly station: PeerStation;
  readonly membership: Membership;
  readonly register: TopologyRegister;
  readonly view: ClusterView;
  readonly engine: StorageEngine;
  readonly received: ReceivedCells;
  readonly coordinator: Coordinator;
  readonly obtain: IntakeParts["obtain"];
  readonly logger: Logger;
}

/** Of the move under way, for people. */
export interface MoveProgress extends MoveFigures {
  readonly kind: string;
  readonly id: NodeId;
  /** Whose place it takes. */
  readonly replaced: NodeId | undefined;
  readonly stage: string;
  /** Of late, as far as this node has heard. */
  readonly bytesPerSecond: number;
}

export class Moves {
  readonly admission: Admission;
  readonly #parts: MovesParts;
  readonly #intake: Intake;
  readonly #driver: MoveDriver;
  readonly #outgrown: OutgrownRows;
  #topology: Topology;
  #toldSince = 0;

  constructor(parts: MovesParts) {
    const { view } = parts;
    this.#parts = parts;
    this.#topology = view.topology;
    const isUp = (id: NodeId): boolean => view.isUp(id);
    this.admission = new Admission({ ...parts, isUp });
    // A link that is being made for the first time counts as up; what is written may wait for it in vain.
    const isSeen = (id: NodeId): boolean =>
      view.isUp(id) && parts.station.peers.links().get(id)?.state === "connected";
    this.#intake = new Intake({ ...parts, isSeen });
    this.#driver = new MoveDriver({ ...parts, isUp, report: () => this.#intake.report });
    this.#outgrown = new OutgrownRows(parts);
  }

  /** Undefined if nothing moves. */
  get progress(): MoveProgress | undefined {
    const { move } = this.#topology;
    if (move === undefined) return undefined;
    const { kind, id, replaced, stage } = move;
    return { kind, id, replaced, stage, ...this.#driver.figures };
  }

  /** Why newcomers do not get their slots, as far as this node knows. */
  get reasonToWait(): string | undefined {
    const { move } = this.#topology;
    return move === undefined ? this.#driver.reasonToWait : `the move of ${move.id} is under way`;
  }

  /** The member's slots go to the others, and then it is no member any more. Resolves when that has begun. */
  remove(id: NodeId): Promise<void> {
    const { view } = this.#parts;
    const isUp = (other: NodeId): boolean => view.isUp(other);
    return this.#change((topology) => {
      const isLost = !isUp(id);
      return removeMember(topology, id, { isLost, setsBack: isLost && isStuck(topology, isUp) });
    });
  }

  /** The member is to have so many times the slots of one of weight 1. Resolves when that has begun. */
  reweigh(id: NodeId, weight: number): Promise<void> {
    return this.#change((topology) => changeWeight(topology, id, weight));
  }

  /** Everything stays where it was. Rejects with StoreError INVALID_REQUEST if it is too late for that. */
  async cancel(): Promise<void> {
    const { move } = this.#topology;
    if (move === undefined) throw new StoreError("INVALID_REQUEST", "not-applied", "no move is under way");
    await this.#parts.register.change((topology) => cancelMove(topology, move.id));
  }

  onTopology(topology: Topology): void {
    this.#outgrown.onTopology(this.#topology, topology);
    this.#tellSetBack(this.#topology, topology);
    this.#topology = topology;
    this.#tellTurn();
  }

  /** Needs to be called a few times a second. */
  onTick(nowMs: number): void {
    this.#intake.onTick();
    this.#driver.onTick(nowMs);
    this.#outgrown.onTick(nowMs);
  }

  /** Resolves when nothing is under way. */
  async close(): Promise<void> {
    await this.#intake.close();
    await this.#outgrown.close();
  }

  /** Nothing else ends a move that streams, and begins another, in one change. */
  #tellSetBack({ move: before, epoch }: Topology, { move: after, epoch: next }: Topology): void {
    if (before?.stage !== "streaming" || after === undefined) return;
    if (after.since === before.since || next !== epoch + 1) return;
    const told = { move: before.kind, of: before.id, for: after.kind, with: after.id };
    this.#parts.logger.warn(
      told,
      before.kind === "copies"
        ? "the change of copies needs a node that is lost, and is taken back: ask for it again"
        : "the move under way cannot go on without a node that is lost, and is set back: it begins again after this one",
    );
  }

  #tellTurn(): void {
    const { view, logger } = this.#parts;
    const { members, move } = this.#topology;
    const waits = memberOf(this.#topology, view.self.id)?.state === "joining";
    if (!waits || move === undefined || move.id === view.self.id || move.since === this.#toldSince) return;
    this.#toldSince = move.since;
    const waiting = members.filter(({ state }) => state === "joining").length;
    logger.info(
      { move: move.kind, of: move.id, waiting },
      "one move at a time: this node waits for its turn",
    );
  }

  async #change(change: (topology: Topology) => TopologyChange): Promise<void> {
    await this.#driver.untilReady(change);
    await this.#parts.register.changeInTurn(change);
  }
}
