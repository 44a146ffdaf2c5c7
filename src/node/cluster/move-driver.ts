/**
 * Carries the move under way through, on behalf of all members. Any of them can: the first that is up does, and if it dies
 * the next goes on from the plan, which is all there is to know.
 *
 *   waiting      all who are up see whoever is to gain slots           -> streaming
 *   streaming    who gains slots has all that was written to them       -> settling
 *   settling     nobody answers reads any more where the slots were     -> over
 *
 * Invariant: "settling" only once every gainer has fetched from majorities of the owners, of each slot, which went by this move's
 * plan then: so no write by an older plan can be acknowledged any more that it did not see.
 * Invariant: "over" only once majorities of the old owners, of each slot, go by the settling plan: they refuse reads by older
 * ones, which therefore find no quorum that could miss what is written at the new owners alone. ADR 12.
 */
import { type ByteRange, equalBytes } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { Move, Topology } from "../../membership/topology.ts";
import {
  beginWaiting,
  finishMove,
  finishVoters,
  settleMove,
  type TopologyChange,
} from "../../membership/topology-change.ts";
import { decodeTopology, encodeTopology } from "../../membership/topology-codec.ts";
import { type WaitingMove, waitingMoves } from "../../membership/waiting-moves.ts";
import { holdMajorities } from "../../replication/quorum-need.ts";
import { compareText, type NodeId } from "../../ring/ring-member.ts";
import type { Clock } from "../../runtime/runtime.ts";
import type { Membership } from "./membership.ts";
import { type MoveFigures, moveFigures, RateMeter } from "./move-progress.ts";
import { reasonToWait } from "./move-readiness.ts";
import { decodeMoveReport, encodeMoveReport, type MoveReport } from "./move-report.ts";
import type { PeerStation } from "./peer-station.ts";
import { departingOf, gainersIn, spanMovesOf } from "./slot-moves.ts";
import { isStuck } from "./stuck-move.ts";
import type { TopologyRegister } from "./topology-register.ts";

/** "Go by this plan; how far are you?" */
export const MOVE_METHOD = 36;
const STEP_MS = 200;
/** Of those who only want to know how far it is. */
const LOOK_MS = 1_000;
const REPORT_TIMEOUT_MS = 2_000;
/** Who is up, and has not taken over the plan in this time, is not waited for any longer. */
const SETTLE_MS_MAX = 10_000;
/** A move that somebody has asked for waits for so long until all see each other; then he is told. */
const READY_MS_MAX = 5_000;
const TOO_FEW_OWNERS = "too few owners are up of slots that are to move";

export interface MoveDriverParts {
  readonly clock: Pick<Clock, "monotonicMs" | "sleep">;
  readonly station: PeerStation;
  readonly membership: Membership;
  readonly register: TopologyRegister;
  readonly isUp: (id: NodeId) => boolean;
  /** Of this node. */
  readonly report: () => MoveReport;
  readonly logger: Logger;
}

export class MoveDriver {
  /** What members have told last of the move under way. */
  #reports: ReadonlyMap<NodeId, MoveReport> = new Map();
  readonly #parts: MoveDriverParts;
  #isBusy = false;
  #nextMs = 0;
  /** Since when a stage of the plan of that epoch could be over but for who does not see whom. */
  #awaitedEpoch = 0;
  #awaitedMs = 0;
  #toldReason: string | undefined;
  #loggedReason: string | undefined;
  #meter = new RateMeter();
  #meterSince = 0;
  /** What moves that wait, by their members, would make of that plan: placing tokens takes long. */
  readonly #begins = new WeakMap<Topology, Map<NodeId, TopologyChange>>();

  constructor(parts: MoveDriverParts) {
    this.#parts = parts;
    parts.station.door.serve([MOVE_METHOD], (_, payload) => this.#answer(payload));
  }

  /** As far as this node knows. */
  get figures(): MoveFigures & { readonly bytesPerSecond: number } {
    const figures = moveFigures(gainersIn(this.#topology), (id) => this.#reportOf(id));
    return { ...figures, bytesPerSecond: this.#meter.perSecond };
  }

  /** In words, what a move waits for whose turn it is; undefined if nothing, or another node carries moves through. */
  get reasonToWait(): string | undefined {
    return this.#toldReason;
  }

  /** Needs to be called a few times a second. */
  onTick(nowMs: number): void {
    const { move, nextVoters } = this.#topology;
    const isStill = move === undefined && nextVoters === undefined;
    const isIdle = isStill && waitingMoves(this.#topology).length === 0;
    if (isIdle || this.#isBusy || nowMs < this.#nextMs) return;
    this.#isBusy = true;
    this.#step()
      .catch((cause: unknown) => {
        if (!(cause instanceof StoreError)) throw cause;
        this.#parts.logger.debug({ cause }, "a move goes on later");
      })
      .finally(() => {
        this.#isBusy = false;
        const isDriver = this.#first(this.#topology) === this.#parts.membership.id;
        this.#nextMs = this.#parts.clock.monotonicMs() + (isDriver ? STEP_MS : LOOK_MS);
      });
  }

  /**
   * Resolves when a move by that change would not make the cluster weaker than it is: all who are up see whoever would gain
   * slots. Rejects with StoreError OVERLOADED, not applied, if that does not come to be.
   */
  async untilReady(change: (topology: Topology) => TopologyChange): Promise<void> {
    const { clock } = this.#parts;
    let seen: Topology | undefined;
    let changed!: TopologyChange;
    for (const endMs = clock.monotonicMs() + READY_MS_MAX; ; await clock.sleep(STEP_MS)) {
      const topology = this.#topology;
      if (topology !== seen) changed = change(withVoters(topology));
      seen = topology;
      if (changed.kind === "refused") return; // as the register will say
      const reports = await this.#collect(topology, topology);
      const reason = this.#reasonToWait(topology, gainersIn(changed.topology), reports);
      if (reason === undefined) return;
      if (clock.monotonicMs() >= endMs)
        throw new StoreError("OVERLOADED", "not-applied", `slots cannot begin to move yet: ${reason}`);
    }
  }

  get #topology(): Topology {
    return this.#parts.membership.plans!.topology;
  }

  /** Everybody tells how far it is, to whoever may be asked for the progress; one of them changes the plan. */
  async #step(): Promise<void> {
    const { membership, register, logger } = this.#parts;
    const topology = this.#topology;
    const { move } = topology;
    this.#reports = await this.#collect(topology, topology);
    this.#measure(topology);
    if (this.#topology.epoch !== topology.epoch || this.#first(topology) !== membership.id) return;
    if (topology.nextVoters !== undefined) {
      // At once, and not with the next change: those who have left vote until then, and may be switched off.
      await register.change((present) => ({ kind: "changed", topology: present }));
    } else if (move === undefined) {
      this.#toldReason = undefined;
      const ready = waitingMoves(topology).find((waiting) => this.#mayBegin(topology, waiting));
      if (ready === undefined) return;
      const text = encodeTopology(topology);
      const isAsSeen = (present: Topology): boolean => equalBytes(encodeTopology(present), text);
      await register.change((present) =>
        isAsSeen(present) ? this.#begun(topology, ready) : ifStill(present, ready),
      );
    } else if (move.stage === "streaming" && this.#isFilled(topology) && this.#isSeen(topology)) {
      const missed = gainersIn(topology).flatMap((id) => this.#reportOf(id)!.missed);
      const settle = (present: Topology): TopologyChange =>
        settleMove(present, move.id, [...new Set(missed)]);
      await register.change((present) => inStage(present, move, settle));
    } else if (move.stage === "settling" && this.#isKnown(topology)) {
      await register.change((present) => inStage(present, move, (last) => finishMove(last, move.id)));
      logger.info({ move: move.kind, node: move.id, epoch: this.#topology.epoch }, "slots have moved");
    } else return;
    // So that all know at once, and not when gossip gets there; and who has left as well.
    await this.#collect(this.#topology, topology);
  }

  #measure({ move }: Topology): void {
    const since = move?.since ?? 0;
    if (this.#meterSince !== since) this.#meter = new RateMeter();
    this.#meterSince = since;
    this.#meter.onTotal(this.figures.bytes, this.#parts.clock.monotonicMs());
  }

  #isFilled(topology: Topology): boolean {
    const { since } = topology.move!;
    return gainersIn(topology).every((id) => {
      const report = this.#reportOf(id);
      return report?.since === since && report.isFilled;
    });
  }

  /** Reads are about to go to whoever has gained slots. */
  #isSeen(topology: Topology): boolean {
    return (
      this.#reasonToWait(topology, gainersIn(topology), this.#reports) === undefined ||
      this.#hasWaited(topology)
    );
  }

  #mayBegin(topology: Topology, waiting: WaitingMove): boolean {
    const { kind, id } = waiting;
    if (kind === "join" && !this.#reports.has(id)) return false;
    const change = this.#begun(topology, waiting);
    if (change.kind === "refused") return false;
    const reason =
      this.#reasonToWait(topology, gainersIn(change.topology), this.#reports) ??
      (isStuck(change.topology, (each) => this.#isUp(each)) ? TOO_FEW_OWNERS : undefined);
    if (reason !== undefined && reason !== this.#loggedReason)
      this.#parts.logger.info({ node: id, kind, reason }, "a move waits to begin");
    this.#loggedReason = reason;
    this.#toldReason ??= reason;
    return reason === undefined;
  }

  /** A member waits for one thing at a time. */
  #begun(topology: Topology, waiting: WaitingMove): TopologyChange {
    const { id } = waiting;
    const known = this.#begins.get(topology) ?? new Map<NodeId, TopologyChange>();
    this.#begins.set(topology, known);
    const change = known.get(id) ?? beginWaiting(withVoters(topology), waiting);
    known.set(id, change);
    return change;
  }

  #reasonToWait(
    { members, move }: Topology,
    gainers: readonly NodeId[],
    reports: ReadonlyMap<NodeId, MoveReport>,
  ): string | undefined {
    const up = members.map(({ id }) => id).filter((id) => id !== move?.replaced && this.#isUp(id));
    return reasonToWait({ up, gainers, reports });
  }

  /** So long for that plan that whatever is missing may be missing for good. */
  #hasWaited({ epoch }: Topology): boolean {
    const nowMs = this.#parts.clock.monotonicMs();
    if (this.#awaitedEpoch !== epoch) {
      this.#awaitedEpoch = epoch;
      this.#awaitedMs = nowMs;
    }
    return nowMs - this.#awaitedMs >= SETTLE_MS_MAX;
  }

  #isKnown(topology: Topology): boolean {
    const { isUp } = this.#parts;
    const knows = (id: NodeId): boolean => (this.#reports.get(id)?.epoch ?? 0) >= topology.epoch;
    const members = new Map(topology.members.map((member) => [member.id, member]));
    if (!this.#hasWaited(topology) && !topology.members.every(({ id }) => knows(id) || !isUp(id)))
      return false;
    const seen = new Set<readonly NodeId[]>();
    for (const { before } of spanMovesOf(topology)) {
      if (seen.has(before)) continue;
      seen.add(before);
      const owners = before.map((id) => members.get(id)!);
      if (!holdMajorities(owners, before.filter(knows), departingOf(topology))) return false;
    }
    return true;
  }

  /** Of the move under way. */
  #reportOf(id: NodeId): MoveReport | undefined {
    const report = id === this.#parts.membership.id ? this.#parts.report() : this.#reports.get(id);
    return report?.since === this.#topology.move?.since ? report : undefined;
  }

  /** Who is up, and stays. */
  #first({ members, move }: Topology): NodeId | undefined {
    return members
      .filter(
        ({ id, state }) =>
          state === "member" && (id !== move?.id || move.kind === "copies") && this.#isUp(id),
      )
      .map(({ id }) => id)
      .sort(compareText)[0];
  }

  #isUp(id: NodeId): boolean {
    return id === this.#parts.membership.id || this.#parts.isUp(id);
  }

  /** Of all members of `among` that answer. They go by the plan then, or by a later one. */
  async #collect(plan: Topology, among: Topology): Promise<ReadonlyMap<NodeId, MoveReport>> {
    const { station, membership, report } = this.#parts;
    const payload = encodeTopology(plan);
    const reports = new Map<NodeId, MoveReport>([[membership.id, report()]]);
    const asked = among.members.map(async ({ id }) => {
      if (!this.#isUp(id) || id === membership.id) return;
      const answer = station.call(id, MOVE_METHOD, payload, { timeoutMs: REPORT_TIMEOUT_MS });
      reports.set(id, decodeMoveReport(await answer));
    });
    await Promise.allSettled(asked);
    return reports;
  }

  #answer({ bytes, start, end }: ByteRange): Uint8Array {
    this.#parts.membership.adopt(decodeTopology(bytes.slice(start, end)));
    return encodeMoveReport(this.#parts.report());
  }
}

/** As a change finds it: the register finishes a change of voters before it begins another. */
function withVoters(topology: Topology): Topology {
  const finished = finishVoters(topology);
  return finished.kind === "changed" ? finished.topology : topology;
}

function ifStill(present: Topology, ready: WaitingMove): TopologyChange {
  const { id, kind } = ready;
  const waits =
    present.move === undefined && waitingMoves(present).some((each) => each.id === id && each.kind === kind);
  return waits ? beginWaiting(present, ready) : { kind: "changed", topology: present };
}

/** May be run again on what it has made, and on what another has. */
function inStage(
  present: Topology,
  { since, stage }: Move,
  change: (topology: Topology) => TopologyChange,
): TopologyChange {
  const isThere = present.move?.since === since && present.move.stage === stage;
  return isThere ? change(present) : { kind: "changed", topology: present };
}
