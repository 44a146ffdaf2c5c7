/**
 * Those of one write's recipients that are in other datacenters: each datacenter is sent the cell once, to the nearest replica
 * there that is up, which brings it to the others there and tells who has it.
 *
 *   the relay fails         the next one is asked
 *   it is late              everybody is asked directly, if the write waits for them; else it is waited for
 *   it answers early        whoever has not told it anything is entrusted to it: it keeps the hint. Asked directly if the write
 *                           waits for them after all
 *
 * Invariant: of everybody who is waited for, one way or another something is heard, or the relay keeps a hint.
 */
import { StoreError } from "../base/errors.ts";
import type { NodeId } from "../ring/ring-member.ts";
import { countMachines, type Participant } from "./quorum-need.ts";
import { type LegOwner, type Recipient, RelayLeg } from "./relay-leg.ts";
import type { RelayedState } from "./relay-message.ts";
import type { Cluster, ReplicaCalls } from "./replica-calls.ts";
import { type Ack, REPLICA_METHOD } from "./replica-message.ts";
import type { KeyRef } from "./step.ts";
import type { WriteSide } from "./write-quorum.ts";

/** Of the round's time: what a relay has to answer in, so that another one may be tried. */
const RELAY_SHARE = 0.4;

/** The round, which counts who has the cell. */
export interface FarRound {
  isWaitingFor(id: NodeId): boolean;
  send(recipient: Recipient): void;
  onAck(id: NodeId, ack: Ack): void;
  onFailed(id: NodeId, cause: unknown): void;
  /** Somebody is not waited for any more, or is so again. */
  onEntrusted(): void;
  onReclaimed(): void;
}

export interface FarTask {
  readonly ref: KeyRef;
  readonly cell: Uint8Array;
  readonly sides: readonly WriteSide[];
  readonly timeoutMs: number;
  readonly lateMs: number;
}

export class FarRecipients implements LegOwner {
  readonly #parts: { readonly cluster: Cluster; readonly calls: ReplicaCalls };
  readonly #task: FarTask;
  readonly #replicas: readonly Participant[];
  readonly #round: FarRound;
  #legs: readonly RelayLeg[] = [];
  #entrusted: readonly Recipient[] = [];

  /** `replicas`: all of the row's, wherever they are. */
  constructor(
    parts: { readonly cluster: Cluster; readonly calls: ReplicaCalls },
    task: FarTask,
    replicas: readonly Participant[],
    round: FarRound,
  ) {
    this.#parts = parts;
    this.#task = task;
    this.#replicas = replicas;
    this.#round = round;
  }

  /** Asks them, of however many datacenters. */
  ask(recipients: readonly Recipient[]): void {
    const groups = new Map<string, Recipient[]>();
    for (const recipient of recipients) {
      const { datacenter } = recipient.member;
      groups.set(datacenter, [...(groups.get(datacenter) ?? []), recipient]);
    }
    for (const group of groups.values()) this.#askOneDatacenter(group);
  }

  /** True while a relay is to look after it. */
  has(id: NodeId): boolean {
    const isIt = ({ member }: Recipient): boolean => member.id === id;
    return this.#entrusted.some(isIt) || this.#legs.some((leg) => leg.isOpen && leg.recipients.some(isIt));
  }

  /** `isWanted`: whether the write still waits for enough of them. */
  onLate(tookMs: number, isWanted: boolean): void {
    const { cluster } = this.#parts;
    for (const leg of this.#legs) {
      const { member } = leg.relay;
      if (!leg.isOpen) continue;
      if (!cluster.isUp(member.id))
        leg.onFailure(member, new StoreError("IO", "unknown", "the relay is down"));
      else if (isWanted && this.#counts(member) && tookMs >= cluster.p99Ms(member.id) + this.#task.lateMs) {
        leg.close();
        for (const recipient of leg.recipients) this.#sendIfWaiting(recipient);
      }
    }
    if (!isWanted) return;
    const entrusted = this.#entrusted.filter(({ member }) => this.#counts(member));
    this.#entrusted = this.#entrusted.filter((recipient) => !entrusted.includes(recipient));
    for (const recipient of entrusted) {
      this.#round.onReclaimed();
      this.#round.send(recipient);
    }
  }

  onRelayed(recipient: Recipient, state: RelayedState): void {
    const { id } = recipient.member;
    if (!this.#round.isWaitingFor(id)) return;
    if (state === "entrusted") {
      this.#entrusted = [...this.#entrusted, recipient];
      this.#round.onEntrusted();
    } else if ("failure" in state) this.#round.onFailed(id, state.failure);
    else this.#round.onAck(id, state);
  }

  onBroken({ relay, others }: RelayLeg, failure: unknown): void {
    this.#askOneDatacenter(others.filter(({ member }) => this.#round.isWaitingFor(member.id)));
    this.#round.onFailed(relay.member.id, failure);
  }

  #askOneDatacenter(recipients: readonly Recipient[]): void {
    const relay = this.#relayAmong(recipients);
    if (relay === undefined || recipients.length === 1) {
      for (const recipient of recipients) this.#round.send(recipient);
      return;
    }
    const { ref, cell, timeoutMs } = this.#task;
    const { calls } = this.#parts;
    const others = recipients.filter((recipient) => recipient !== relay);
    const leg = new RelayLeg(this, relay, others);
    const targets = others.map(({ member, hintFor }) => ({ id: member.id, hintFor: hintFor?.id }));
    const ackCount = this.#acksWanted(relay.member.datacenter, recipients);
    const payload = calls.encodeRelay(ref, cell, { ackCount, targets });
    this.#legs = [...this.#legs, leg];
    const request = { method: REPLICA_METHOD.relayCell, payload, timeoutMs: timeoutMs * RELAY_SHARE };
    calls.send(relay.member.id, request, leg);
  }

  /** True if the write may need machines of that datacenter. */
  #counts({ datacenter }: Participant): boolean {
    return this.#task.sides.some(({ need }) =>
      need.some((group) => group.datacenter === undefined || group.datacenter === datacenter),
    );
  }

  /** The nearest replica that is up. */
  #relayAmong(recipients: readonly Recipient[]): Recipient | undefined {
    const { cluster } = this.#parts;
    let nearest: Recipient | undefined;
    for (const recipient of recipients) {
      const { id } = recipient.member;
      if (recipient.hintFor !== undefined || !cluster.isUp(id)) continue;
      const isNearer =
        nearest === undefined || cluster.distanceTo(id) < cluster.distanceTo(nearest.member.id);
      if (isNearer) nearest = recipient;
    }
    return nearest;
  }

  /** How many of the replicas there must have it before the relay answers: as many as may decide. */
  #acksWanted(datacenter: string, recipients: readonly Recipient[]): number {
    const own = recipients.filter(({ hintFor }) => hintFor === undefined).length;
    const { sides } = this.#task;
    if (sides.length > 1) return own;
    const there = countMachines(this.#replicas, datacenter);
    const elsewhere = countMachines(this.#replicas, undefined) - there;
    const [group] = sides[0]!.need;
    const wanted = group!.datacenter === undefined ? group!.machineCount - elsewhere : 0;
    return Math.min(own, Math.max(wanted, Math.floor(there / 2) + 1));
  }

  #sendIfWaiting(recipient: Recipient): void {
    if (this.#round.isWaitingFor(recipient.member.id)) this.#round.send(recipient);
  }
}
