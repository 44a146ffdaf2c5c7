/**
 * A cluster of whole production nodes in a simulated world: storage, cluster and the clients' door, started as
 * `kvorum serve` starts them. Nothing is replaced but the runtime below them.
 *
 *   const cluster = new SimCluster("7", planCluster({ nodes: 3 }));
 *   await cluster.found();
 *   cluster.crash("n2");
 *   await cluster.world.runFor(5_000);
 *   cluster.start("n2");
 */
import { assert } from "../../base/assert.ts";
import { utf8 } from "../../base/bytes.ts";
import { StoreError } from "../../base/errors.ts";
import { type Logger, silentLogger } from "../../base/logger.ts";
import type { Topology } from "../../membership/topology.ts";
import type { FixedCluster } from "../../node/cluster/cluster-begin.ts";
import type { Moves } from "../../node/cluster/moves.ts";
import type { PeerStation } from "../../node/cluster/peer-station.ts";
import { openNode, type StorageNode } from "../../node/node.ts";
import { DEFAULT_SETTINGS, type NodeSettings } from "../../node/settings.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { createCommandTable } from "../../server/commands.ts";
import { parseKeyspaceWish } from "../../server/keyspace-arguments.ts";
import { Server } from "../../server/server.ts";
import type { CellTraits } from "../../storage/lsm/table/cell-traits.ts";
import type { CellRules } from "../../storage/storage-engine.ts";
import { SimWorld, type SimWorldOptions } from "../sim-runtime.ts";
import type { ClusterPlan, PlannedNode } from "./cluster-plan.ts";
import { doubleMessages } from "./doubled-messages.ts";
import { fixedClusterFor, fixedTopology } from "./fixed-topology.ts";
import type { Phase, Site, StartOptions } from "./sim-site.ts";

export const CLIENT_PORT = 6379;
const PEER_PORT = 17_000;
const SECRET = "tell nobody";
const FOUNDING_MS_MAX = 60_000;
/** Links are made, and everybody has heard of everybody. */
const MEETING_MS = 1_500;
const MIB = 1024 * 1024;

/** Where somebody may put something of his own in place of what a node would get. */
export interface Seams {
  /** The world as the node sees it. */
  readonly runtimeOf?: (runtime: Runtime, name: string) => Runtime;
  /** What its store does with cells, and reads off them. */
  readonly rules?: CellRules;
  readonly traits?: CellTraits;
  /** What it keeps for others at most, whatever the plan says. */
  readonly hintBytesMax?: number;
  /** Told of each node before clients reach it, after every start. */
  readonly onOpen?: (node: StorageNode, name: string) => void;
}

export interface SimClusterOptions extends SimWorldOptions {
  readonly seams?: Seams;
  readonly logger?: (name: string) => Logger;
  /** The highest version of the peer protocol that all nodes own up to until they are started anew; all they know if not given. */
  readonly speaks?: number | undefined;
}

/** Nodes that have left look so often whether they have. */
const LEAVING_LOOK_MS = 500;

export class SimCluster {
  readonly world: SimWorld;
  readonly plan: ClusterPlan;
  readonly #options: SimClusterOptions;
  readonly #sites = new Map<string, Site>();
  readonly #fixed: Topology | undefined;
  #isWatchingLeavers = false;
  #joinedCount = 0;

  constructor(seed: string, plan: ClusterPlan, options: SimClusterOptions = {}) {
    this.world = new SimWorld(seed, options);
    this.plan = plan;
    this.#options = options;
    for (const planned of plan.nodes) this.#place(planned);
    this.#fixed = plan.keyspace && fixedTopology(plan);
  }

  /** Of all nodes, running or not, but for those that have left. */
  get names(): readonly string[] {
    return [...this.#sites].filter(([, { phase }]) => phase !== "left").map(([name]) => name);
  }

  /** Starts all nodes and lets time pass until they serve clients. */
  async found(): Promise<void> {
    for (const name of this.names) this.start(name);
    await this.runUntilUp(this.names, FOUNDING_MS_MAX);
    await this.world.runFor(MEETING_MS);
  }

  /** Lets time pass until they serve clients; throws if one does not within so long. */
  async runUntilUp(names: readonly string[], withinMs: number): Promise<void> {
    const endMs = this.world.nowMs + withinMs;
    while (!names.every((name) => this.isUp(name))) {
      const failed = names.find((name) => this.phaseOf(name) === "failed");
      if (failed !== undefined)
        throw new Error(`${failed} does not start: ${this.failureOf(failed)?.message}`);
      if (this.world.nowMs >= endMs)
        throw new Error(`not up within ${withinMs} ms: ${names.filter((name) => !this.isUp(name))}`);
      await this.world.runFor(50);
    }
  }

  /** Nodes that have begun to join. */
  get joinedCount(): number {
    return this.#joinedCount;
  }

  /** True if there is or was a node of that name. */
  hasPlace(name: string): boolean {
    return this.#sites.has(name);
  }

  /** True if it was up, and may be asked to leave or to weigh more. */
  isMember(name: string): boolean {
    return this.#site(name).id !== undefined;
  }

  machineOf(name: string): string {
    return this.placeOf(name).machine;
  }

  placeOf(name: string): PlannedNode {
    return this.#site(name).planned;
  }

  phaseOf(name: string): Phase {
    return this.#site(name).phase;
  }

  isUp(name: string): boolean {
    return this.phaseOf(name) === "up";
  }

  /** Why it could not be started, if so. */
  failureOf(name: string): Error | undefined {
    return this.#site(name).failure;
  }

  /** Throws unless it is up. */
  node(name: string): StorageNode {
    const { node, failure } = this.#site(name);
    assert(node !== undefined, `${name} is not up: ${failure?.message}`);
    return node;
  }

  /** A new node begins to join the others. */
  join(planned: PlannedNode): void {
    const { name, datacenter, weight, machine } = planned;
    const shared = machine === `machine of ${name}` ? [] : [`machine=${machine.replaceAll(" ", "_")}`];
    this.#options.onDeed?.(["join", name, `dc=${datacenter}`, `weight=${weight}`, ...shared]);
    this.#joinedCount++;
    this.#place(planned);
    this.#begin(this.#site(planned.name), this.names);
  }

  /**
   * True if the cluster can go on changing its plan though this node never comes back: a majority of those who decide is left, by
   * the plans of all nodes that are up.
   */
  canDoWithout(name: string): boolean {
    const { id } = this.#site(name);
    const plans = this.names
      .filter((each) => this.isUp(each))
      .map((each) => this.node(each).cluster!.topology);
    return plans.every(({ voters, nextVoters = voters }) =>
      [voters, nextVoters].every((group) => 2 * group.filter((voter) => voter !== id).length > group.length),
    );
  }

  /** The node's disk is lost, and a new node begins to take its place. False if nobody knows its id. */
  replace(lost: string, name: string): boolean {
    const site = this.#site(lost);
    if (site.id === undefined || site.phase === "left") return false;
    this.#options.onDeed?.(["replace", lost, name]);
    this.#end(lost);
    this.world.wipe(lost);
    site.phase = "left";
    this.#place({ ...site.planned, name });
    this.#site(name).replaces = site.id;
    this.#begin(this.#site(name), this.names);
    return true;
  }

  /** Another member asks for it, once: it may be refused. The node stops by itself when it is no member any more. */
  leave(name: string): void {
    this.#options.onDeed?.(["leave", name]);
    this.#watchLeavers();
    this.#askForMove(name, (moves, id) => moves.remove(id));
  }

  /** As `leave`. */
  reweigh(name: string, weight: number): void {
    this.#options.onDeed?.(["weight", name, `${weight}`]);
    this.#askForMove(name, (moves, id) => moves.reweigh(id, weight));
  }

  #askForMove(name: string, ask: (moves: Moves, id: string) => Promise<void>): void {
    const { id } = this.#site(name);
    const asked = this.names.find((other) => other !== name && this.isUp(other));
    const moves = asked === undefined ? undefined : this.node(asked).cluster?.moves;
    if (id === undefined || moves === undefined) return;
    ask(moves, id).catch((cause: unknown) => {
      if (!(cause instanceof StoreError)) throw cause;
    });
  }

  /** As `kvorum serve` ends when its node has left. */
  #watchLeavers(): void {
    if (this.#isWatchingLeavers) return;
    this.#isWatchingLeavers = true;
    const look = (): void => {
      for (const [name, site] of this.#sites) {
        if (site.phase !== "up" || site.node?.cluster?.hasLeft !== true) continue;
        this.#end(name);
        site.phase = "left";
        void site.server!.closed.then(() => this.world.kill(name)); // it answers those who have asked it
      }
      this.world.scheduler.after(LEAVING_LOOK_MS, look);
    };
    look();
  }

  /** Another host, for a node that is to join: `start` it. */
  add(planned: PlannedNode): void {
    this.#place(planned);
  }

  /**
   * Begins to start a node that is off, on its disk. With `peerPort` others find it at another address than before; with
   * `speaks` it is as of another version. It is up once it serves clients.
   */
  start(name: string, { peerPort, speaks, join }: StartOptions = {}): void {
    const site = this.#site(name);
    assert(site.phase === "off" || site.phase === "failed", `${name} runs already`);
    const port = peerPort === undefined ? [] : [`peer-port=${peerPort}`];
    this.#options.onDeed?.(["start", name, ...port, ...(speaks === undefined ? [] : [`speaks=${speaks}`])]);
    site.peerPort = peerPort ?? site.peerPort;
    site.speaks = speaks ?? site.speaks;
    this.#begin(site, join ?? this.names);
  }

  #begin(site: Site, join: readonly string[]): void {
    site.phase = "starting";
    site.failure = undefined;
    const life = ++site.life;
    this.#open(site, join).then(
      (node) => {
        if (site.life !== life) return;
        site.phase = "up";
        site.id = node.cluster?.self.id;
        site.node = node;
      },
      (cause: Error) => {
        if (site.life !== life) return;
        site.phase = "failed";
        site.failure = cause;
        this.world.kill(site.planned.name); // what has said so has left
      },
    );
  }

  /** As `kill -9`. */
  kill(name: string): void {
    this.#end(name);
    this.world.kill(name);
  }

  /** The machine loses its power. */
  crash(name: string): void {
    this.#end(name);
    this.world.crash(name);
  }

  /** Kills it and takes its disk away. */
  wipe(name: string): void {
    this.#end(name);
    this.world.wipe(name);
  }

  pause(name: string, forMs: number): void {
    this.world.pause(name, forMs);
  }

  #end(name: string): void {
    const site = this.#site(name);
    site.phase = "off";
    site.life++;
    site.node = undefined;
  }

  async #open(site: Site, join: readonly string[]): Promise<StorageNode> {
    const { name } = site.planned;
    const { seams = {}, logger: loggerOf } = this.#options;
    const given = this.world.runtime(name);
    const runtime = seams.runtimeOf?.(given, name) ?? given;
    const logger = loggerOf?.(name) ?? silentLogger;
    const settings = this.#settingsOf(site, join);
    const { rules, traits, hintBytesMax = this.plan.hintBytesMax } = seams;
    const own = { fixed: this.#fixedFor(name), speaks: site.speaks, hintBytesMax, rules, traits };
    const node = await openNode(runtime, settings, logger, own);
    if (this.plan.doublesMessages === true && node.cluster !== undefined)
      doubleMessages((node.cluster.calls as PeerStation).door, runtime);
    seams.onOpen?.(node, name);
    const server = new Server({ runtime, node, settings, logger, commands: createCommandTable() });
    await server.listen();
    site.server = server;
    node.cluster?.announceDoor({ host: name, port: server.port });
    return node;
  }

  #settingsOf({ planned, peerPort, replaces }: Site, join: readonly string[]): NodeSettings {
    const { name, datacenter, rack, machine, weight } = planned;
    return {
      ...DEFAULT_SETTINGS,
      storage: "memory",
      dataDirectory: "/data",
      memtableBytes: MIB,
      blockCacheBytes: MIB,
      scrubBytesPerSecond: 0, // a story that tells of it says so: most runs are over before a pass begins
      ...this.plan.settings,
      host: "0.0.0.0",
      port: CLIENT_PORT,
      peerHost: name,
      peerPort,
      join: join.map((other) => `${other}:${this.#site(other).peerPort}`).join(","),
      replaces,
      datacenter,
      rack,
      machine,
      weight,
      secret: SECRET,
    };
  }

  #fixedFor(name: string): FixedCluster | undefined {
    if (this.#fixed === undefined) return undefined;
    const sites = [...this.#sites.values()];
    const place = sites.findIndex(({ planned }) => planned.name === name);
    const { life: generation } = this.#site(name);
    return fixedClusterFor(this.#fixed, sites, place, { secret: SECRET, generation });
  }

  #place(planned: PlannedNode): void {
    const { name } = planned;
    assert(!this.#sites.has(name), `there is ${name} already`);
    this.world.runtime(name); // so that its name is known
    const fresh = {
      phase: "off",
      life: 0,
      peerPort: PEER_PORT,
      node: undefined,
      failure: undefined,
      speaks: this.#options.speaks,
      replaces: "",
      id: undefined,
    } as const;
    this.#sites.set(name, { planned, ...fresh });
  }

  /** Asks a node, if it is up, to change a keyspace in these words of KV.KEYSPACE; what comes of it is the cluster's business. */
  changeKeyspace(name: string, words: readonly string[]): void {
    this.#options.onDeed?.(["keyspace", name, ...words]);
    const { node } = this.#site(name);
    if (node === undefined) return;
    const [verb, keyspace, ...settings] = words;
    const { keyspaces } = node;
    const changed =
      verb === "DROP"
        ? keyspaces.drop(keyspace!)
        : keyspaces.set(keyspace!, parseKeyspaceWish(settings.map(utf8), 0));
    changed.catch((cause: unknown) => {
      if (!(cause instanceof StoreError)) throw cause;
    });
  }

  #site(name: string): Site {
    const site = this.#sites.get(name);
    assert(site !== undefined, `there is no node ${name}`);
    return site;
  }
}
