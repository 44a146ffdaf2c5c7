/**
 * Gossip: how every node hears of every other. Pure: time and chance come in, messages go out.
 * Source: van Renesse et al. 2008, "Efficient reconciliation and flow control for anti-entropy protocols"; the three
 * messages are those of Cassandra.
 *
 *   a -> b   digests   which states a has: node, generation, version
 *   b -> a   states    those that b has newer, and the names of those that a has newer
 *   a -> b   states    those
 *
 * A node writes its own state only: a heartbeat with generation (one life of the node, ever rising) and version
 * (rises at every tick). The higher pair wins, so states may arrive in any order and any number of times.
 * Nodes are known by id; an address is part of the state, so a node that moved is recognised.
 * Nobody is removed here: a state goes only when the topology does without its node (`retain`).
 */
import { assert } from "../base/assert.ts";
import { compareText, type NodeId } from "../ring/ring-member.ts";
import type { Random } from "../runtime/runtime.ts";
import {
  type DetectorSettings,
  FailureDetector,
  type Verdict,
  type VerdictEvent,
} from "./failure-detector.ts";

export interface NodeState {
  readonly id: NodeId;
  /** Higher in every life of the node. */
  readonly generation: number;
  readonly version: number;
  readonly address: string;
  /** Where clients reach the node; empty until it says so. */
  readonly doorAddress: string;
  /** Of the newest topology that the node has. */
  readonly epoch: number;
  /** Whatever the node says of its load: bytes it holds, requests a second. */
  readonly loadBytes: number;
  readonly requestsPerSecond: number;
}

export type Digest = Pick<NodeState, "id" | "generation" | "version">;

export type GossipMessage =
  | {
      readonly kind: "digests";
      readonly clusterId: string;
      /** Where to answer: the sender may be unknown there. */
      readonly replyTo: string;
      /** Whether these are all that the sender knows: then what is not among them is news to it. */
      readonly isWhole: boolean;
      readonly digests: readonly Digest[];
    }
  | {
      readonly kind: "states";
      readonly clusterId: string;
      readonly replyTo: string;
      readonly states: readonly NodeState[];
      readonly wanted: readonly NodeId[];
    };

export interface Outgoing {
  readonly address: string;
  readonly message: GossipMessage;
}

export type GossipEvent =
  | VerdictEvent
  | { readonly kind: "found"; readonly id: NodeId }
  | { readonly kind: "moved"; readonly id: NodeId; readonly address: string }
  /** A new life of the node: what was known of its load and its connections is void. */
  | { readonly kind: "restarted"; readonly id: NodeId }
  | { readonly kind: "newer-topology"; readonly id: NodeId; readonly epoch: number }
  /** Somebody has heard of a later life of this very node: another process runs under its id. */
  | { readonly kind: "doubled" };

export interface GossipOutput {
  readonly messages: readonly Outgoing[];
  readonly events: readonly GossipEvent[];
}

export interface GossipSettings {
  /** Digests, or states, in one message. */
  readonly entriesMax: number;
  /** States that are kept: others are not taken in. */
  readonly nodesMax: number;
}

export const DEFAULT_GOSSIP_SETTINGS: GossipSettings = { entriesMax: 64, nodesMax: 1024 };

/** One tick in so many also tries somebody who is down, or a seed: so that a healed partition is noticed. */
const LONG_SHOT_TICKS = 4;

export class Gossip {
  readonly #clusterId: string;
  readonly #random: Random;
  readonly #seeds: readonly string[];
  readonly #settings: GossipSettings;
  readonly #detector: FailureDetector;
  readonly #states = new Map<NodeId, NodeState>();
  #own: NodeState;

  /** Requires: `own.generation` is above that of every earlier life of this node. Seeds are addresses to begin with. */
  constructor(options: {
    readonly clusterId: string;
    readonly own: Omit<NodeState, "version">;
    readonly seeds: readonly string[];
    readonly random: Random;
    readonly settings?: GossipSettings;
    readonly detector?: DetectorSettings;
  }) {
    this.#clusterId = options.clusterId;
    this.#own = { ...options.own, version: 0 };
    this.#seeds = options.seeds.filter((address) => address !== options.own.address);
    this.#random = options.random;
    this.#settings = options.settings ?? DEFAULT_GOSSIP_SETTINGS;
    this.#detector = new FailureDetector(options.detector);
    assert(this.#settings.entriesMax >= 2, "a message has room for the sender and another");
  }

  get own(): NodeState {
    return this.#own;
  }

  /** Of others, in no order. */
  get states(): ReadonlyMap<NodeId, NodeState> {
    return this.#states;
  }

  verdictOf(id: NodeId): Verdict {
    return id === this.#own.id ? "up" : this.#detector.verdictOf(id);
  }

  /** How much its silence tells against a node: see phi-accrual.ts. Undefined of this one, and where nothing was heard. */
  phiOf(id: NodeId, nowMs: number): number | undefined {
    return this.#detector.phiOf(id, nowMs);
  }

  /** What the next heartbeat tells. */
  setOwn(
    changes: Partial<
      Pick<NodeState, "address" | "doorAddress" | "epoch" | "loadBytes" | "requestsPerSecond">
    >,
  ): void {
    this.#own = { ...this.#own, ...changes };
  }

  /** Forgets all nodes but these: the members of a new topology, and who is about to join. */
  retain(ids: ReadonlySet<NodeId>): void {
    for (const id of [...this.#states.keys()]) {
      if (ids.has(id)) continue;
      this.#states.delete(id);
      this.#detector.forget(id);
    }
  }

  /** Requires: called at the interval that the detector's settings name. */
  tick(nowMs: number): GossipOutput {
    this.#own = { ...this.#own, version: this.#own.version + 1 };
    const events = this.#detector.tick(nowMs);
    const message = this.digests();
    return { messages: this.#targets().map((address) => ({ address, message })), events };
  }

  /** Messages of another cluster are ignored. */
  onMessage(message: GossipMessage, nowMs: number): GossipOutput {
    if (message.clusterId !== this.#clusterId) return { messages: [], events: [] };
    const doubled = this.#findDouble(message.kind === "digests" ? message.digests : message.states);
    if (message.kind === "digests") return { messages: this.#answer(message), events: doubled };
    const events = [...doubled, ...message.states.flatMap((state) => this.#learn(state, nowMs))];
    const states = message.wanted.flatMap((id) => this.#stateOf(id) ?? []);
    return { messages: this.#statesMessage(message.replyTo, states, []), events };
  }

  #findDouble(told: readonly Digest[]): readonly GossipEvent[] {
    const { id, generation } = this.#own;
    return told.some((each) => each.id === id && each.generation > generation) ? [{ kind: "doubled" }] : [];
  }

  /** One node that seems up; now and then also one that does not, or a seed. */
  #targets(): readonly string[] {
    const sorted = [...this.#states.values()].sort((a, b) => compareText(a.id, b.id));
    const living = sorted.filter(({ id }) => this.verdictOf(id) !== "down").map(({ address }) => address);
    const known = new Set(living);
    const others = [...sorted.map(({ address }) => address), ...this.#seeds].filter(
      (address) => !known.has(address),
    );
    const isLongShot = living.length === 0 || this.#random.below(LONG_SHOT_TICKS) === 0;
    return [...this.#pick(living, 1), ...(isLongShot ? this.#pick([...new Set(others)], 1) : [])];
  }

  /** What a tick sends, for others who should hear of this node, too. */
  digests(): GossipMessage {
    const { entriesMax } = this.#settings;
    const others = this.#pick([...this.#states.values()], entriesMax - 1);
    const digests = [this.#own, ...others].map(({ id, generation, version }) => ({
      id,
      generation,
      version,
    }));
    const isWhole = others.length === this.#states.size;
    return { kind: "digests", clusterId: this.#clusterId, replyTo: this.#own.address, isWhole, digests };
  }

  #answer({ digests, isWhole, replyTo }: GossipMessage & { kind: "digests" }): readonly Outgoing[] {
    const newer: NodeState[] = [];
    const wanted: NodeId[] = [];
    for (const digest of digests) {
      const state = this.#stateOf(digest.id);
      const order = state === undefined ? -1 : compareAge(state, digest);
      if (order > 0) newer.push(state!);
      if (order < 0 && digest.id !== this.#own.id) wanted.push(digest.id);
    }
    if (isWhole) {
      const named = new Set(digests.map(({ id }) => id));
      for (const state of [this.#own, ...this.#states.values()]) if (!named.has(state.id)) newer.push(state);
    }
    return this.#statesMessage(replyTo, newer, wanted);
  }

  #statesMessage(
    address: string,
    states: readonly NodeState[],
    wanted: readonly NodeId[],
  ): readonly Outgoing[] {
    if (states.length === 0 && wanted.length === 0) return [];
    const { entriesMax } = this.#settings;
    const message: GossipMessage = {
      kind: "states",
      clusterId: this.#clusterId,
      replyTo: this.#own.address,
      states: this.#pick(states, entriesMax),
      wanted: this.#pick(wanted, entriesMax),
    };
    return [{ address, message }];
  }

  #learn(state: NodeState, nowMs: number): readonly GossipEvent[] {
    if (state.id === this.#own.id) return [];
    const before = this.#states.get(state.id);
    if (before === undefined && this.#states.size >= this.#settings.nodesMax) return [];
    if (before !== undefined && compareAge(state, before) <= 0) return [];
    this.#states.set(state.id, state);
    const { id, address, epoch } = state;
    const events: GossipEvent[] = before === undefined ? [{ kind: "found", id }] : [];
    if (before !== undefined && before.address !== address) events.push({ kind: "moved", id, address });
    if (before !== undefined && before.generation !== state.generation)
      events.push({ kind: "restarted", id });
    if (epoch > this.#own.epoch && epoch > (before?.epoch ?? 0)) {
      events.push({ kind: "newer-topology", id, epoch });
    }
    return [...events, ...this.#detector.onHeartbeat(id, nowMs)];
  }

  #stateOf(id: NodeId): NodeState | undefined {
    return id === this.#own.id ? this.#own : this.#states.get(id);
  }

  /** Up to `count` of them, by chance; all of them if there are no more. */
  #pick<T>(all: readonly T[], count: number): readonly T[] {
    if (all.length <= count) return all;
    const rest = [...all];
    return Array.from({ length: count }, () => {
      const at = this.#random.below(rest.length);
      const [picked] = rest.splice(at, 1, rest.at(-1)!);
      rest.pop();
      return picked!;
    });
  }
}

/** Positive if `a` is the newer. */
function compareAge(a: Digest, b: Digest): number {
  return a.generation - b.generation || a.version - b.version;
}
