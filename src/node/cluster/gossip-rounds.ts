/**
 * Carries gossip between this node and the others: ticks it, sends what it says, and acts on what it hears (who has moved,
 * who has a newer topology). Messages may be lost.
 */
import type { ByteRange } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { DEFAULT_DETECTOR_SETTINGS, type Verdict } from "../../membership/failure-detector.ts";
import { Gossip, type GossipEvent, type GossipMessage, type NodeState } from "../../membership/gossip.ts";
import { decodeGossip, encodeGossip } from "../../membership/gossip-codec.ts";
import { DEFAULT_PHI_SETTINGS } from "../../membership/phi-accrual.ts";
import type { NodeId } from "../../ring/ring-member.ts";
import type { Cancel, Runtime } from "../../runtime/runtime.ts";
import { parseAddress } from "./address.ts";
import type { Membership } from "./membership.ts";
import type { PeerStation } from "./peer-station.ts";

export const GOSSIP_METHOD = 32;
export const GOSSIP_TICK_MS = 500;
/** One line of the log for so long. */
const DOUBLED_QUIET_MS = 10_000;
export const GOSSIP_DETECTOR = {
  ...DEFAULT_DETECTOR_SETTINGS,
  tickMs: GOSSIP_TICK_MS,
  phi: { ...DEFAULT_PHI_SETTINGS, firstIntervalMs: 2 * GOSSIP_TICK_MS },
};

export interface GossipRoundsParts {
  readonly runtime: Pick<Runtime, "clock" | "random">;
  readonly station: PeerStation;
  readonly membership: Membership;
  readonly logger: Logger;
  /** Where its peers reach this node. */
  readonly address: string;
  /** Told that a member has a newer topology. */
  readonly onNewerEpoch: (id: NodeId) => void;
}

export class GossipRounds {
  readonly #parts: GossipRoundsParts;
  readonly #gossip: Gossip;
  readonly #cancel: Cancel;
  #doubledMs = Number.NEGATIVE_INFINITY;

  /** Requires: the node is a member. */
  constructor(parts: GossipRoundsParts) {
    const { runtime, station, membership, address } = parts;
    const { topology } = membership.plans!;
    this.#parts = parts;
    this.#gossip = new Gossip({
      clusterId: topology.clusterId,
      own: {
        id: membership.id,
        generation: membership.generation,
        address,
        doorAddress: "",
        epoch: topology.epoch,
        loadBytes: 0,
        requestsPerSecond: 0,
      },
      seeds: [],
      random: runtime.random,
      detector: GOSSIP_DETECTOR,
    });
    station.door.listen([GOSSIP_METHOD], (_, payload, from) => this.#onMessage(payload, from));
    this.#cancel = runtime.clock.every(GOSSIP_TICK_MS, () => this.#tick());
  }

  /** What each node has last said of itself, this one included; undefined if nothing was heard. */
  stateOf(id: NodeId): NodeState | undefined {
    return id === this.#gossip.own.id ? this.#gossip.own : this.#gossip.states.get(id);
  }

  /** Undefined while nothing was heard of the node. */
  verdictOf(id: NodeId): Verdict | undefined {
    return this.stateOf(id) === undefined ? undefined : this.#gossip.verdictOf(id);
  }

  /** See Gossip. */
  phiOf(id: NodeId): number | undefined {
    return this.#gossip.phiOf(id, this.#parts.runtime.clock.monotonicMs());
  }

  /** What the others are to hear of this node from now on. */
  tell(changes: Partial<Pick<NodeState, "epoch" | "doorAddress" | "loadBytes" | "requestsPerSecond">>): void {
    this.#gossip.setOwn(changes);
  }

  retain(ids: ReadonlySet<NodeId>): void {
    this.#gossip.retain(ids);
  }

  close(): void {
    this.#cancel();
  }

  #tick(): void {
    const { messages, events } = this.#gossip.tick(this.#parts.runtime.clock.monotonicMs());
    for (const event of events) this.#onEvent(event);
    for (const { address, message } of messages) {
      const id = this.#whoLivesAt(address);
      if (id !== undefined) this.#send(id, message);
    }
    // Of whom nothing was heard in this life, gossip does not know where they are; the record may.
    for (const id of this.#parts.membership.addresses.keys()) {
      if (this.stateOf(id) === undefined) this.#send(id, this.#gossip.digests());
    }
  }

  #onMessage({ bytes, start, end }: ByteRange, from: NodeId): void {
    let message: GossipMessage;
    try {
      message = decodeGossip(bytes.slice(start, end));
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      this.#parts.logger.warn({ peer: from, reason: cause.message }, "a node gossips what makes no sense");
      return;
    }
    if (!this.#parts.membership.isMember(from)) return;
    this.#learnAddress(from, message.replyTo);
    const { messages, events } = this.#gossip.onMessage(message, this.#parts.runtime.clock.monotonicMs());
    for (const event of events) this.#onEvent(event);
    for (const { message: answer } of messages) this.#send(from, answer);
  }

  #onEvent(event: GossipEvent): void {
    const { logger, onNewerEpoch } = this.#parts;
    switch (event.kind) {
      case "newer-topology":
        onNewerEpoch(event.id);
        return;
      case "found":
      case "moved":
        this.#learnAddress(event.id, this.#gossip.states.get(event.id)!.address);
        return;
      case "doubled":
        this.#tellDoubled();
        return;
      case "restarted":
        logger.info({ node: event.id }, "a node has been started again");
        return;
      default:
        logger.info({ node: event.id }, `a node seems to be ${event.kind}`);
    }
  }

  #tellDoubled(): void {
    const { runtime, logger, membership } = this.#parts;
    const nowMs = runtime.clock.monotonicMs();
    if (nowMs - this.#doubledMs < DOUBLED_QUIET_MS) return;
    this.#doubledMs = nowMs;
    const about = { node: membership.id };
    logger.error(
      about,
      "another process runs as this very node, from a copy of its directory: stop one of the two",
    );
  }

  #learnAddress(id: NodeId, text: string): void {
    const { membership, station } = this.#parts;
    const address = parseAddress(text);
    if (address === undefined || id === membership.id || !membership.isMember(id)) return;
    membership.noteAddress(id, text);
    station.know(id, address);
  }

  #whoLivesAt(address: string): NodeId | undefined {
    for (const state of this.#gossip.states.values()) if (state.address === address) return state.id;
    return undefined;
  }

  #send(id: NodeId, message: GossipMessage): void {
    const { station, membership } = this.#parts;
    if (id === membership.id) return;
    const bytes = encodeGossip(message);
    station.peers.link(id).send(GOSSIP_METHOD, (payload) => payload.bytes(bytes));
  }
}
