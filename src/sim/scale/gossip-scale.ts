/**
 * How fast gossip carries news, and what that costs, by number of nodes: production's Gossip of each node over a network of
 * a few milliseconds, and nothing else of a node. Messages count as many bytes as they are encoded.
 */
import { Gossip, type Outgoing } from "../../membership/gossip.ts";
import { encodeGossip } from "../../membership/gossip-codec.ts";
import { GOSSIP_DETECTOR, GOSSIP_TICK_MS } from "../../node/cluster/gossip-rounds.ts";
import { Scheduler } from "../scheduler.ts";
import { SimRandom } from "../sim-random.ts";

export interface GossipFigures {
  readonly nodes: number;
  /** From the first message, each knowing one other, until everybody has heard of everybody. */
  readonly meetingMs: number;
  /** Of several news of one node, until everybody knows: on average, and the slowest. */
  readonly newsMs: number;
  readonly newsMsMax: number;
  /** From a node's death until the first, and until the last of the others counts it as down. */
  readonly firstDownMs: number;
  readonly lastDownMs: number;
  /** Sent by a node in a second at rest. */
  readonly bytesPerSecond: number;
  readonly messagesPerSecond: number;
  /** Nodes wrongly taken for down at any time. */
  readonly wronglyDown: number;
}

const LATENCY_MS = [0.5, 3] as const;
const STEP_MS = 20;
const NEWS = 5;
const REST_MS = 10_000;
const PATIENCE_MS = 300_000;

export async function measureGossip(nodes: number, seed: string): Promise<GossipFigures> {
  const town = new GossipTown(nodes, seed);
  const meetingMs = await town.runUntil(() => town.all((gossip) => gossip.states.size >= nodes - 1));
  await town.runFor(REST_MS);
  const before = { bytes: town.bytes, messages: town.messages };
  await town.runFor(REST_MS);
  const perNode = (sum: number): number => sum / nodes / (REST_MS / 1_000);
  const bytesPerSecond = perNode(town.bytes - before.bytes);
  const messagesPerSecond = perNode(town.messages - before.messages);
  const news: number[] = [];
  for (let i = 1; i <= NEWS; i++) news.push(await town.spread(town.random.below(nodes), i));
  const wronglyDown = town.countDown();
  town.dead = town.random.below(nodes);
  const isDown = (gossip: Gossip): boolean => gossip.verdictOf(idOf(town.dead!)) === "down";
  const diedMs = town.nowMs;
  await town.runUntil(() => town.any(isDown));
  const firstDownMs = town.nowMs - diedMs;
  await town.runUntil(() => town.all(isDown));
  return {
    nodes,
    meetingMs,
    newsMs: news.reduce((a, b) => a + b) / NEWS,
    newsMsMax: Math.max(...news),
    firstDownMs,
    lastDownMs: town.nowMs - diedMs,
    bytesPerSecond,
    messagesPerSecond,
    wronglyDown,
  };
}

class GossipTown {
  bytes = 0;
  messages = 0;
  /** Says nothing and hears nothing. */
  dead: number | undefined;
  readonly random: SimRandom;
  readonly #scheduler = new Scheduler();
  readonly #gossips: readonly Gossip[];

  constructor(nodes: number, seed: string) {
    this.random = new SimRandom(`${seed}/${nodes}`);
    this.#gossips = Array.from({ length: nodes }, (_, i) => this.#open(i));
    for (const [i, gossip] of this.#gossips.entries()) {
      this.#scheduler.after(this.random.between(0, GOSSIP_TICK_MS), () => this.#tick(i, gossip));
    }
  }

  get nowMs(): number {
    return this.#scheduler.nowMs;
  }

  runFor(ms: number): Promise<void> {
    return this.#scheduler.runUntil(this.nowMs + ms);
  }

  /** How long it took. */
  async runUntil(isSo: () => boolean): Promise<number> {
    const beganMs = this.nowMs;
    while (!isSo()) {
      if (this.nowMs - beganMs > PATIENCE_MS) throw new Error("gossip does not come to an end");
      await this.runFor(STEP_MS);
    }
    return this.nowMs - beganMs;
  }

  all(isSo: (gossip: Gossip) => boolean): boolean {
    return this.#gossips.every((gossip, i) => i === this.dead || isSo(gossip));
  }

  any(isSo: (gossip: Gossip) => boolean): boolean {
    return this.#gossips.some((gossip, i) => i !== this.dead && isSo(gossip));
  }

  /** How long until everybody has heard the news of one node. */
  spread(from: number, epoch: number): Promise<number> {
    const teller = this.#gossips[from]!;
    teller.setOwn({ epoch });
    return this.runUntil(() =>
      this.all((gossip) => gossip === teller || gossip.states.get(idOf(from))?.epoch === epoch),
    );
  }

  countDown(): number {
    const isDown = (gossip: Gossip): number =>
      this.#gossips.filter((_, i) => gossip.own.id !== idOf(i) && gossip.verdictOf(idOf(i)) === "down")
        .length;
    return this.#gossips.reduce((sum, gossip) => sum + isDown(gossip), 0);
  }

  #open(index: number): Gossip {
    return new Gossip({
      clusterId: "scale",
      own: {
        id: idOf(index),
        generation: 1_767_225_600_000,
        address: addressOf(index),
        doorAddress: `10.0.${index >> 8}.${index & 255}:7000`,
        epoch: 0,
        loadBytes: 1_000_000_000,
        requestsPerSecond: 1_000,
      },
      seeds: index === 0 ? [] : [addressOf(this.random.below(index))],
      random: this.random.fork(`node ${index}`),
      detector: GOSSIP_DETECTOR,
    });
  }

  #tick(index: number, gossip: Gossip): void {
    if (index === this.dead) return;
    this.#send(gossip.tick(this.nowMs).messages);
    this.#scheduler.after(GOSSIP_TICK_MS, () => this.#tick(index, gossip));
  }

  #send(messages: readonly Outgoing[]): void {
    for (const { address, message } of messages) {
      this.bytes += encodeGossip(message).length;
      this.messages++;
      const to = indexOf(address);
      this.#scheduler.after(this.random.between(...LATENCY_MS), () => {
        if (to !== this.dead) this.#send(this.#gossips[to]!.onMessage(message, this.nowMs).messages);
      });
    }
  }
}

function idOf(index: number): string {
  return index.toString(16).padStart(16, "0");
}

function addressOf(index: number): string {
  return `10.0.${index >> 8}.${index & 255}:17000`;
}

function indexOf(address: string): number {
  const [, , high, low] = address.split(/[.:]/).map(Number);
  return high! * 256 + low!;
}
