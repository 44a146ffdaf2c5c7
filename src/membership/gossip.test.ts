import { expect, test } from "vitest";
import { SimRandom } from "../sim/sim-random.ts";
import { DEFAULT_GOSSIP_SETTINGS, Gossip, type GossipEvent, type Outgoing } from "./gossip.ts";
import { decodeGossip, encodeGossip } from "./gossip-codec.ts";

const TICK_MS = 1_000;

/** Nodes on a network that loses messages; every message goes through the codec. */
class Town {
  readonly nodes = new Map<string, Gossip>();
  readonly events: (GossipEvent & { readonly at: string })[] = [];
  readonly random = new SimRandom("town");
  lossPercent = 0;
  longestBytes = 0;
  nowMs = 0;
  /** Addresses that get and send nothing. */
  readonly cut = new Set<string>();
  /** These reach each other, and nobody else does them. */
  readonly island = new Set<string>();

  add(id: string, options: { generation?: number; address?: string; entriesMax?: number } = {}): Gossip {
    const { generation = 1, address = `${id}:1`, entriesMax = DEFAULT_GOSSIP_SETTINGS.entriesMax } = options;
    const node = new Gossip({
      clusterId: "c",
      own: { id, generation, address, doorAddress: "", epoch: 1, loadBytes: 0, requestsPerSecond: 0 },
      seeds: ["n0:1"],
      random: this.random.fork(`${id}/${generation}`),
      settings: { ...DEFAULT_GOSSIP_SETTINGS, entriesMax },
    });
    this.nodes.set(address, node);
    return node;
  }

  rounds(count: number): void {
    for (let i = 0; i < count; i++) {
      this.nowMs += TICK_MS;
      for (const [address, node] of this.nodes) {
        if (this.cut.has(address)) continue;
        const { messages, events } = node.tick(this.nowMs);
        this.#note(node, events);
        this.#carry(address, messages);
      }
    }
  }

  /** Rounds until `isSo`, `roundsMax` at most. */
  roundsUntil(isSo: () => boolean, roundsMax: number): number {
    let count = 0;
    for (; count < roundsMax && !isSo(); count++) this.rounds(1);
    return count;
  }

  #carry(from: string, messages: readonly Outgoing[]): void {
    for (const { address, message } of messages) {
      const bytes = encodeGossip(message);
      this.longestBytes = Math.max(this.longestBytes, bytes.length);
      const target = this.nodes.get(address);
      if (target === undefined || this.cut.has(address) || this.random.below(100) < this.lossPercent)
        continue;
      if (this.island.has(address) !== this.island.has(from)) continue;
      const { messages: replies, events } = target.onMessage(decodeGossip(bytes), this.nowMs);
      this.#note(target, events);
      this.#carry(address, replies);
    }
  }

  #note(node: Gossip, events: readonly GossipEvent[]): void {
    for (const event of events) this.events.push({ ...event, at: node.own.id });
  }
}

function townOf(count: number, options?: Parameters<Town["add"]>[1]): Town {
  const town = new Town();
  for (let i = 0; i < count; i++) town.add(`n${i}`, options);
  return town;
}

const everyone = (town: Town, isSo: (node: Gossip) => boolean): boolean =>
  [...town.nodes.values()].every(isSo);

test("fifty strangers know each other within a few times log2(50) rounds, a fifth of the messages lost", () => {
  const town = townOf(50);
  town.lossPercent = 20;
  const rounds = town.roundsUntil(() => everyone(town, ({ states }) => states.size === 49), 100);
  expect(rounds).toBeLessThanOrEqual(3 * Math.log2(50));
});

test("news of one reaches fifty in as few", () => {
  const town = townOf(50);
  town.rounds(25);
  town.lossPercent = 20;
  const teller = town.nodes.get("n7:1")!;
  teller.setOwn({ epoch: 9, loadBytes: 123 });
  const knows = (node: Gossip): boolean => node === teller || node.states.get("n7")?.epoch === 9;
  expect(town.roundsUntil(() => everyone(town, knows), 100)).toBeLessThanOrEqual(3 * Math.log2(50));
  const told = town.events.filter(({ kind, at }) => kind === "newer-topology" && at === "n3");
  expect(told).toEqual([{ kind: "newer-topology", id: "n7", epoch: 9, at: "n3" }]);
  expect(town.nodes.get("n3:1")!.states.get("n7")!.loadBytes).toBe(123);
});

test("messages of a few entries spread everything too, and stay short", () => {
  const town = townOf(50, { entriesMax: 8 });
  const rounds = town.roundsUntil(() => everyone(town, ({ states }) => states.size === 49), 300);
  expect(rounds).toBeLessThan(300);
  expect(town.longestBytes).toBeLessThan(8 * 160);
});

test("nobody seems down while all are up, though a fifth of the messages is lost", () => {
  const town = townOf(20);
  town.lossPercent = 20;
  town.rounds(200);
  expect(town.events.filter(({ kind }) => kind === "down")).toEqual([]);
});

test("a silent node is down for everyone, stays known, and is up when it is back", () => {
  const town = townOf(8);
  town.rounds(30);
  town.cut.add("n5:1");
  town.rounds(40);
  const others = [...town.nodes.values()].filter(({ own }) => own.id !== "n5");
  expect(others.map((node) => node.verdictOf("n5"))).toEqual(others.map(() => "down"));
  expect(others.every(({ states }) => states.has("n5"))).toBe(true);
  town.cut.clear();
  town.rounds(20);
  expect(others.map((node) => node.verdictOf("n5"))).toEqual(others.map(() => "up"));
});

test("a new life of a node replaces the old one, whose late messages change nothing", () => {
  const town = townOf(4);
  town.rounds(30);
  const old = town.nodes.get("n2:1")!.own;
  town.nodes.delete("n2:1");
  town.add("n2", { generation: 2, address: "n2:1" });
  town.rounds(12);
  const listener = town.nodes.get("n1:1")!;
  expect(listener.states.get("n2")!.generation).toBe(2);
  expect(town.events.filter(({ kind, at }) => kind === "restarted" && at === "n1")).toHaveLength(1);
  const late = { kind: "states", clusterId: "c", replyTo: "x:1", wanted: [] } as const;
  listener.onMessage({ ...late, states: [{ ...old, version: 1e6 }] }, town.nowMs);
  expect(listener.states.get("n2")!.generation).toBe(2);
});

test("a node at another address is the same node", () => {
  const town = townOf(4);
  town.rounds(20);
  town.nodes.delete("n2:1");
  town.add("n2", { generation: 2, address: "elsewhere:9" });
  town.rounds(12);
  expect(town.events).toContainEqual({ kind: "moved", id: "n2", address: "elsewhere:9", at: "n3" });
  const listener = town.nodes.get("n3:1")!;
  expect([...listener.states.keys()].sort()).toEqual(["n0", "n1", "n2"]);
  expect(listener.states.get("n2")!.address).toBe("elsewhere:9");
});

test("two halves that were apart for long find each other again", () => {
  const town = townOf(6);
  town.rounds(20);
  for (const address of ["n3:1", "n4:1", "n5:1"]) town.island.add(address);
  town.rounds(60);
  const seen = (id: string): readonly string[] => {
    const node = town.nodes.get(`${id}:1`)!;
    return [...node.states.keys()].filter((other) => node.verdictOf(other) === "up").sort();
  };
  expect([seen("n1"), seen("n4")]).toEqual([
    ["n0", "n2"],
    ["n3", "n5"],
  ]);
  town.island.clear();
  town.rounds(40);
  expect([seen("n1"), seen("n4")]).toEqual([
    ["n0", "n2", "n3", "n4", "n5"],
    ["n0", "n1", "n2", "n3", "n5"],
  ]);
});

test("only the topology lets a node be forgotten, and there is room for so many", () => {
  const town = townOf(4);
  town.rounds(20);
  const node = town.nodes.get("n1:1")!;
  node.retain(new Set(["n0", "n1", "n2"]));
  expect([...node.states.keys()].sort()).toEqual(["n0", "n2"]);
});

test("messages of another cluster are ignored, and broken bytes refused", () => {
  const node = townOf(1).nodes.get("n0:1")!;
  const state = { ...node.own, id: "stranger", version: 5 };
  const message = {
    kind: "states",
    clusterId: "other",
    replyTo: "x:1",
    states: [state],
    wanted: ["n0"],
  } as const;
  expect(node.onMessage(message, 0)).toEqual({ messages: [], events: [] });
  const bytes = encodeGossip(message);
  expect(decodeGossip(bytes)).toEqual(message);
  expect(() => decodeGossip(bytes.with(20, bytes[20]! ^ 1))).toThrow("malformed document");
  expect(() => decodeGossip(encodeGossip({ ...message, states: [{ ...state, version: -1 }] }))).toThrow(
    "no count",
  );
});

test("a node whose id a later process has taken too is told so", () => {
  const town = townOf(3);
  town.rounds(5);
  expect(town.events.filter(({ kind }) => kind === "doubled")).toEqual([]);
  town.add("n1", { generation: 2, address: "copy:1" });
  town.rounds(10);
  const told = town.events.filter(({ kind }) => kind === "doubled");
  expect(told.length).toBeGreaterThan(0);
  expect(new Set(told.map(({ at }) => at))).toEqual(new Set(["n1"]));
});
