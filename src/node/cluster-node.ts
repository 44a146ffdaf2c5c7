/**
 * One node's part in a cluster: its links to the others and its door for them, what it knows of them, and the
 * coordinator that reads and writes with them. Floors above reach other nodes through it.
 */
import type { Logger } from "../base/logger.ts";
import { DocumentFile } from "../membership/document-file.ts";
import { type Keyspace, memberOf, type Topology } from "../membership/topology.ts";
import type { PeerAddress } from "../peer/peer-identity.ts";
import type { PeerLink } from "../peer/peer-link.ts";
import type { Coordinator } from "../replication/coordinator.ts";
import { HintDelivery } from "../replication/hints/hint-delivery.ts";
import { HintStore } from "../replication/hints/hint-store.ts";
import type { LocalReplica } from "../replication/local-replica.ts";
import type { Participant } from "../replication/quorum-need.ts";
import type { PeerCalls } from "../replication/replica-calls.ts";
import type { NodeId } from "../ring/ring-member.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { StorageEngine } from "../storage/storage-engine.ts";
import { formatAddress, parseAddress } from "./cluster/address.ts";
import type { CallTraces } from "./cluster/call-trace.ts";
import type { ClusterSettings, FixedCluster } from "./cluster/cluster-begin.ts";
import { ClusterKeyspaces } from "./cluster/cluster-keyspaces.ts";
import { ClusterTicks } from "./cluster/cluster-ticks.ts";
import { ClusterView } from "./cluster/cluster-view.ts";
import { Collector, type CollectorParts } from "./cluster/collector.ts";
import { DurableWaits } from "./cluster/durable-waits.ts";
import { type Footing, openFooting, standFixed } from "./cluster/footing.ts";
import { GossipRounds } from "./cluster/gossip-rounds.ts";
import { HintHeirs } from "./cluster/hint-heirs.ts";
import { Liveness } from "./cluster/liveness.ts";
import type { MemberStatus, NodeLoad } from "./cluster/member-status.ts";
import { Moves } from "./cluster/moves.ts";
import type { MethodHandler } from "./cluster/peer-door.ts";
import { PlanKeeper } from "./cluster/plan-keeper.ts";
import { ReopeningTurns } from "./cluster/reopening-turns.ts";
import { RepairRounds } from "./cluster/repair-rounds.ts";
import { openReplicaFace } from "./cluster/replica-face.ts";
import { SeenFile } from "./cluster/seen-file.ts";
import type { StampCount } from "./cluster/settled-stamps.ts";

export interface ClusterParts {
  readonly runtime: Runtime;
  /** `lasting` of it: what can be compared with other replicas. */
  readonly engine: StorageEngine & { readonly lasting: StorageEngine };
  readonly replica: LocalReplica;
  /** True if `durable` means that a write would survive a power failure. */
  readonly isSynced: boolean;
  /** Rows of this node, of all databases. */
  readonly countRows: () => number;
  /** True if what this node had stored in earlier lives is gone: a new data directory, or memory. */
  readonly isBlank: boolean;
  /** Where to keep what others have missed; undefined: in memory. */
  readonly hintDirectory: string | undefined;
  /** Undefined: as much as suits where they are. */
  readonly hintBytesMax: number | undefined;
  /** At which slots come that move to this node, at most; 0 for no limit. */
  readonly moveBytesPerSecond: number;
  /** Where rows are; undefined: in memory. */
  readonly dataDirectory: string | undefined;
  readonly stamps: StampCount;
  /** As `durable` of the engine, whatever the policy. */
  readonly synced: () => Promise<void> | undefined;
  /** Told of the keyspaces in force, at once and whenever there is another plan. */
  readonly onKeyspaces: (keyspaces: readonly Keyspace[]) => void;
  readonly logger: Logger;
  /** Aborted: the node is to stop, and not to wait for others any more. */
  readonly stop: AbortSignal | undefined;
  /** See HandshakeSettings. */
  readonly speaks: number | undefined;
}

export class ClusterNode {
  readonly self: Participant;
  readonly view: ClusterView;
  readonly calls: PeerCalls;
  readonly coordinator: Coordinator;
  /** Of writes, this node's own and those it is sent, for its disk. */
  readonly diskWaits: DurableWaits;
  /** What this node keeps for others. */
  readonly hints: HintStore;
  /** Finds and mends what neither hints nor reads have brought. */
  readonly repair: RepairRounds;
  /** Of this node and others, to open their data anew. */
  readonly reopening: ReopeningTurns;
  /** Lets go of deletions that all owners know of. */
  readonly collector: Collector;
  /** Slots on their way to other nodes; undefined where the plan cannot change. */
  readonly moves: Moves | undefined;
  readonly keyspaces: ClusterKeyspaces;
  readonly #footing: Footing;
  readonly #gossip: GossipRounds;
  readonly #planKeeper: PlanKeeper;
  readonly #ticks: ClusterTicks;

  /**
   * Resolves when the node is a member and others can reach it: at once if it has been one before, else when it has
   * founded a cluster or joined one. Rejects with StoreError IO, CORRUPTION or INVALID_SETTING.
   */
  static async open(parts: ClusterParts, begin: ClusterSettings | FixedCluster): Promise<ClusterNode> {
    const hasRows = (): boolean => parts.countRows() > 0;
    const footing = await ("topology" in begin
      ? standFixed({ ...parts, hasRows }, begin)
      : openFooting({ ...parts, hasRows }, begin));
    try {
      const { runtime, hintDirectory, hintBytesMax: bytesMax, logger } = parts;
      const bound = bytesMax === undefined ? {} : { bytesMax };
      const hints = await HintStore.open(runtime, hintDirectory, bound, logger);
      const { dataDirectory } = parts;
      const file =
        dataDirectory === undefined ? undefined : new DocumentFile(runtime.disk, dataDirectory, "SEEN");
      const seenFile = new SeenFile(file);
      const bounds = await seenFile.load(footing.membership.plans!.topology.epoch);
      return new ClusterNode(parts, footing, hints, { seenFile, bounds });
    } catch (cause) {
      await footing.close();
      throw cause;
    }
  }

  private constructor(
    parts: ClusterParts,
    footing: Footing,
    hints: HintStore,
    seen: Pick<CollectorParts, "seenFile" | "bounds">,
  ) {
    const { runtime, engine, replica, isSynced, stamps, synced, logger } = parts;
    const { moveBytesPerSecond, onKeyspaces } = parts;
    const { clock } = runtime;
    const { membership, station, address } = footing;
    const { topology } = membership.plans!;
    this.#footing = footing;
    this.hints = hints;
    this.self = memberOf(topology, membership.id) ?? footing.greeting().self;
    this.calls = station;
    const onNewerEpoch = (id: NodeId): void => this.#planKeeper.renew(id);
    this.#gossip = new GossipRounds({
      runtime,
      station,
      membership,
      logger,
      address: formatAddress(address),
      onNewerEpoch,
    });
    const isNear = (id: NodeId): boolean => memberOf(this.topology, id)?.datacenter === this.self.datacenter;
    const liveness = new Liveness(station.peers, (id) => this.#gossip.verdictOf(id), isNear);
    this.view = new ClusterView(this.self, topology, liveness);
    this.diskWaits = new DurableWaits(engine, clock, station.traces);
    this.coordinator = openReplicaFace({
      clock,
      engine: this.diskWaits,
      replica,
      isSynced,
      view: this.view,
      peers: this.calls,
      hints,
      door: station.door,
      onNewerEpoch,
      renewPlan: this.renewPlan,
      onBusy: () => this.#ticks.rouse(),
    });
    const exchanging = {
      clock,
      engine: engine.lasting,
      received: replica.received,
      view: this.view,
      peers: this.calls,
      hints,
      door: station.door,
      logger,
    };
    this.collector = new Collector({ ...exchanging, ...seen, stamps, synced });
    const repairing = { onNewerEpoch, moveBytesPerSecond, collector: this.collector };
    this.repair = new RepairRounds({ ...exchanging, ...repairing });
    this.reopening = new ReopeningTurns({
      ...{ clock, self: this.self.id, peers: this.calls, door: station.door },
      partners: () => this.repair.partners(),
    });
    const { register } = footing;
    this.moves =
      register &&
      new Moves({
        clock,
        station,
        membership,
        register,
        view: this.view,
        engine,
        received: replica.received,
        coordinator: this.coordinator,
        obtain: (from, spans, signal) => this.repair.obtain(from, spans, signal),
        logger,
      });
    this.keyspaces = new ClusterKeyspaces({ register, view: this.view });
    this.#planKeeper = new PlanKeeper({
      runtime,
      admission: this.moves?.admission,
      footing,
      gossip: this.#gossip,
      view: this.view,
      onTopology: (plan) => {
        onKeyspaces(plan.keyspaces);
        this.moves?.onTopology(plan);
      },
      logger,
    });
    onKeyspaces(topology.keyspaces);
    for (const [id, text] of membership.addresses) {
      const known = parseAddress(text);
      if (known !== undefined) station.know(id, known);
    }
    const heirs = new HintHeirs(this.view, this.coordinator);
    const delivery = new HintDelivery({ store: hints, cluster: this.view, peers: this.calls, clock, heirs });
    const others = [this.collector, this.repair, ...(this.moves === undefined ? [] : [this.moves])];
    this.#ticks = new ClusterTicks({ clock, liveness, coordinator: this.coordinator, delivery, others });
  }

  /** True if it was a member, the plan has it no more, and the others can change that without it. */
  get hasLeft(): boolean {
    const { topology, self, moves } = this;
    const isNeeded = memberOf(topology, self.id) !== undefined || topology.voters.includes(self.id);
    return moves !== undefined && !isNeeded;
  }

  /** Committed, and the newest that this node knows. */
  get topology(): Topology {
    return this.view.topology;
  }

  /** Takes over a topology that was committed, if it is newer. */
  adopt(topology: Topology): void {
    this.#footing.membership.adopt(topology);
  }

  members(): readonly MemberStatus[] {
    return this.topology.members.map(({ id, datacenter, rack, machine, weight, state }) => {
      const heard = this.#gossip.stateOf(id);
      const door = parseAddress(heard?.doorAddress ?? "");
      const peer = parseAddress(heard?.address ?? this.#footing.membership.addresses.get(id) ?? "");
      return {
        id,
        host: door?.host,
        port: door?.port,
        peerHost: peer?.host,
        peerPort: peer?.port,
        datacenter,
        rack,
        machine,
        weight,
        state,
        isUp: this.view.isUp(id),
        isSuspect: this.#gossip.verdictOf(id) === "suspect",
        epoch: heard?.epoch ?? 0,
        generation: heard?.generation ?? 0,
        isSelf: id === this.self.id,
        phi: this.#gossip.phiOf(id),
        load: heard && { storedBytes: heard.loadBytes, requestsPerSecond: heard.requestsPerSecond },
        hintsPending: this.hints.countFor(id),
      };
    });
  }

  /** Resolves when it has been tried to learn of a newer plan than that of the epoch. */
  readonly renewPlan = (epoch: number): Promise<void> => this.#planKeeper.renewBeyond(epoch);

  /** Tells the others where clients reach this node. */
  announceDoor(address: PeerAddress): void {
    this.#gossip.tell({ doorAddress: formatAddress(address) });
  }

  /** Tells the others how busy this node is. */
  announceLoad({ storedBytes, requestsPerSecond }: NodeLoad): void {
    this.#gossip.tell({ loadBytes: storedBytes, requestsPerSecond });
  }

  /** Whether the times of requests are wanted at all. */
  recordTimes(records: boolean): void {
    this.coordinator.tallies.records = records;
    this.diskWaits.records = records;
  }

  /** What one piece of work asks of other nodes. */
  get traces(): CallTraces {
    return this.#footing.station.traces;
  }

  /** The ways to other nodes, by their ids. */
  get peerLinks(): ReadonlyMap<NodeId, PeerLink> {
    return this.#footing.station.peers.links();
  }

  /** Bytes that wait to be sent to other nodes, and requests that wait for their answers. */
  queues(): { readonly bytes: number; readonly requests: number } {
    let bytes = 0;
    let requests = 0;
    for (const link of this.peerLinks.values()) {
      bytes += link.queuedBytes;
      requests += link.inFlight;
    }
    return { bytes, requests };
  }

  /**
   * Answers those methods of other members' requests by `handler` from now on. Numbers below 64 are taken: see
   * REPLICA_METHOD; membership has 32 to 47, the topology's register 48 to 63.
   */
  serve(methods: Iterable<number>, handler: MethodHandler): void {
    this.#footing.station.door.serve(methods, handler);
  }

  async close(): Promise<void> {
    this.#ticks.close();
    this.#gossip.close();
    this.#planKeeper.close();
    const repairEnd = this.repair.close(); // what it asks of others fails with the links
    const collectorEnd = this.collector.close();
    await this.moves?.close();
    await this.#footing.close();
    await repairEnd;
    await collectorEnd;
    await this.hints.close();
  }
}
