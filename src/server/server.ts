/**
 * The RESP door of one node: accepts clients, keeps their sum within bounds, closes in good order.
 *
 * Invariant: client memory (requests not yet whole, replies not yet read) stays below a limit; past it the
 * hungriest clients are closed. Every other client is unharmed by a bad one.
 */
import type { Logger } from "../base/logger.ts";
import { type Keyspaces, keyspacesOf } from "../membership/keyspaces.ts";
import { CallTraces } from "../node/cluster/call-trace.ts";
import type { StorageNode } from "../node/node.ts";
import type { NodeSettings } from "../node/settings.ts";
import { DEFAULT_TUNING, type Tuning } from "../node/tuning.ts";
import type { KeyRef } from "../replication/step.ts";
import type { Watch } from "../replication/watch-board.ts";
import type { ReplyWriter } from "../resp/reply-writer.ts";
import { Request } from "../resp/request.ts";
import type { Cancel, Connection, Listener, Runtime } from "../runtime/runtime.ts";
import type { AdminFace } from "./admin-face.ts";
import { type ClientLimits, clientLimitsOf } from "./client-limits.ts";
import { ClusterDoor } from "./cluster/cluster-door.ts";
import type { NodeReports } from "./cluster/node-reports.ts";
import { RequestClaims } from "./cluster/request-claims.ts";
import type { ServedCluster } from "./cluster/served-cluster.ts";
import type { CommandEntry, CommandTable } from "./command-table.ts";
import { Dispatcher, type DispatcherDoor } from "./dispatcher.ts";
import { HotKeys } from "./hot-keys.ts";
import { hungriestSession } from "./hungriest-session.ts";
import { Outbox } from "./outbox.ts";
import { Pause } from "./pause.ts";
import { QueuedRun } from "./queued-run.ts";
import { applyRecording } from "./recording.ts";
import { Session } from "./session.ts";
import type { SessionHost } from "./session-host.ts";
import { SlowLog } from "./slow-log.ts";
import { SlowReaders } from "./slow-readers.ts";
import { Statistics } from "./statistics.ts";
import { RequestTracing } from "./tracing/request-tracing.ts";
import { TransactionBuffers } from "./transaction-buffers.ts";
import { TurnTimes } from "./turn-times.ts";

export interface RunningServer {
  readonly host: string;
  readonly port: number;
  /** Undefined where there is none. */
  readonly admin: AdminFace | undefined;
  /** Stops accepting, finishes what was received, syncs, closes. Resolves when all of it is done. */
  close(): Promise<void>;
  /** Resolves when the server has closed, whoever asked: `close` or a client's SHUTDOWN. */
  readonly closed: Promise<void>;
  readonly node: StorageNode;
}

/** Settings that CONFIG SET may change while the server runs. */
export type LiveSettings = {
  -readonly [Name in keyof (NodeSettings & Tuning)]: (NodeSettings & Tuning)[Name];
};

/** How long a closing server waits for clients to take their last replies. */
const CLOSE_PATIENCE_MS = 5_000;
const TICK_MS = 1_000;
/** A line of the log for so long says that connections cannot be accepted. */
const ACCEPT_FAILURE_QUIET_MS = 10_000;
/** A call logged as slow must be timed alone: fast paths are off while the threshold is below this. */
const FAST_PATH_THRESHOLD_MICROS = 1_000;

export interface ServerParts {
  readonly runtime: Runtime;
  readonly node: StorageNode;
  readonly settings: NodeSettings;
  readonly logger: Logger;
  readonly commands: CommandTable<Session<Server>>;
  /** For tests: in place of the node's own. */
  readonly cluster?: ServedCluster;
}

export class Server implements RunningServer, SessionHost<Session<Server>>, DispatcherDoor<Session<Server>> {
  readonly runtime: Runtime;
  readonly node: StorageNode;
  readonly settings: LiveSettings;
  readonly logger: Logger;
  readonly commands: CommandTable<Session<Server>>;
  readonly cluster: ServedCluster | undefined;
  readonly clusterDoor: ClusterDoor | undefined;
  readonly claims: RequestClaims | undefined;
  readonly dispatcher: Dispatcher<Session<Server>>;
  /** HTTP for those who look after the node, where there is any. It closes with the server. */
  admin: AdminFace | undefined;
  /** Of other members, where somebody asks for them. */
  reports: NodeReports | undefined;
  readonly statistics = new Statistics();
  readonly slowLog: SlowLog;
  /** Whether times of requests, hot keys and slow ones are looked for. */
  records: boolean;
  readonly turn: TurnTimes<Session<Server>>;
  readonly hotKeys: HotKeys;
  readonly pause: Pause;
  readonly traces: CallTraces;
  /** Undefined while nobody collects traces. */
  readonly tracing: RequestTracing | undefined;
  readonly sessions: Map<number, Session<Server>> = new Map();
  readonly startedMs: number;
  readonly runId: string;
  /** Shared by all sessions: each is emptied before the turn passes to another. */
  readonly request = new Request();
  readonly outbox: Outbox;
  readonly writer: ReplyWriter;

  limits: ClientLimits;

  /** Wall time of the present turn. */
  wallMs: number;
  /** See SessionHost. */
  busyMicros = 0;
  /** False while requests need to be held back or timed one by one. */
  allowsFastPaths = true;

  #listener: Listener | undefined;
  #nextSessionId = 1;
  #clientBytes = 0;
  #peakBytes = 0;
  #quietUntilMs = 0;
  readonly #slowReaders = new SlowReaders<Session<Server>>();
  readonly queuedRun: QueuedRun<Session<Server>> = new QueuedRun(this);
  readonly transactionBuffers: TransactionBuffers<Session<Server>> = new TransactionBuffers();
  #cancelTick: Cancel | undefined;
  #closing: Promise<void> | undefined;
  readonly closed: Promise<void>;
  #onClosed!: () => void;

  constructor({ runtime, node, settings, logger, commands, cluster }: ServerParts) {
    this.runtime = runtime;
    this.node = node;
    this.settings = { ...DEFAULT_TUNING, ...settings };
    this.limits = clientLimitsOf(this.settings, runtime.host.openFilesMax);
    this.logger = logger;
    this.startedMs = runtime.clock.wallMs();
    this.wallMs = this.startedMs;
    this.runId = Buffer.from(runtime.random.bytes(20)).toString("hex");
    this.outbox = new Outbox(runtime.clock, () => node.durable());
    this.writer = this.outbox.writer;
    this.pause = new Pause(runtime.clock, () => this.refreshFastPaths());
    this.records = this.settings.metrics === "on";
    this.hotKeys = new HotKeys(node.replica.received, this.records);
    this.turn = new TurnTimes(runtime.clock, this.records);
    this.slowLog = new SlowLog(runtime.clock, this.settings);
    this.commands = commands;
    this.cluster = cluster ?? node.cluster;
    this.traces = node.cluster?.traces ?? new CallTraces(runtime);
    this.tracing = RequestTracing.of(this);
    node.cluster?.recordTimes(this.records);
    this.dispatcher = new Dispatcher(this);
    this.clusterDoor = this.cluster && this.#openClusterDoor(this.cluster);
    this.claims = this.clusterDoor && this.#claimsOf(this.clusterDoor);
    this.closed = new Promise((resolve) => {
      this.#onClosed = resolve;
    });
    this.applySettings();
  }

  /** As they are by now. */
  get keyspaces(): Keyspaces {
    return this.cluster ? keyspacesOf(this.cluster.topology) : this.node.keyspaces.keyspaces;
  }

  get host(): string {
    return this.settings.host;
  }

  get port(): number {
    return this.#listener?.port ?? this.settings.port;
  }

  /** Memory held for all clients' requests and replies. */
  get clientBytes(): number {
    return this.#clientBytes + this.writer.capacityBytes;
  }

  /**
   * Memory in use for rows and for clients, now and at most so far. Rows count as `maxmemory` counts them: free
   * space inside the engine's pages is fragmentation, as it is in Redis.
   */
  measureMemory(): { readonly usedBytes: number; readonly peakBytes: number } {
    const usedBytes = this.node.engine.statistics.liveBytes + this.clientBytes;
    this.#peakBytes = Math.max(this.#peakBytes, usedBytes);
    return { usedBytes, peakBytes: this.#peakBytes };
  }

  async listen(): Promise<void> {
    const { host, port, maxClients } = this.settings;
    const { clientsMax } = this.limits;
    if (clientsMax < maxClients) {
      const text = "fewer clients than asked for: the system allows too few open files";
      this.logger.warn({ maxClients, clientsMax }, text);
    }
    const onAcceptFailure = (cause: Error): void => this.#onAcceptFailure(cause);
    this.#listener = await this.runtime.network.listen({ host, port, onAcceptFailure }, (connection) =>
      this.#accept(connection),
    );
    this.#cancelTick = this.runtime.clock.every(TICK_MS, () => this.#tick());
  }

  /** Call after changing `settings`. */
  applySettings(): void {
    const { settings } = this;
    this.limits = clientLimitsOf(settings, this.runtime.host.openFilesMax);
    this.writer.bytesMax = this.limits.replyBytesMax;
    for (const session of this.sessions.values()) session.applySettings();
    this.node.applySettings(settings);
    applyRecording(this);
    this.refreshFastPaths();
  }

  /** CONFIG RESETSTAT: begins all counts anew. */
  resetStatistics(): void {
    this.statistics.reset(this.node.engine.statistics);
    for (const entry of this.commands.entries()) entry.resetStatistics();
    this.node.replica.lookups.reset();
  }

  refreshFastPaths(): void {
    const { slowlogThresholdMicros } = this.settings;
    const timesAll = slowlogThresholdMicros >= 0 && slowlogThresholdMicros < FAST_PATH_THRESHOLD_MICROS;
    this.allowsFastPaths = this.pause.mode === undefined && !timesAll;
  }

  /** Notes the time once for all requests of a turn. */
  beginTurn(): void {
    if (this.turn.begin()) this.wallMs = this.runtime.clock.wallMs();
    this.busyMicros = 0;
  }

  /** Called for each request that a fast path answered. */
  countFastCall(entry: CommandEntry<Session<Server>>): void {
    this.turn.countFastCall(entry);
  }

  endTurn(): void {
    this.statistics.commands += this.turn.end();
  }

  onClientBytes(difference: number): void {
    this.#clientBytes += difference;
    if (difference > 0 && this.#clientBytes > this.limits.clientBytesMax) this.#evictClients();
  }

  onSessionLeaving(session: Session<Server>): void {
    this.#slowReaders.noteLeaving(session, this.runtime.clock.monotonicMs());
  }

  onSessionClosed(session: Session<Server>, cause: Error | undefined): void {
    this.sessions.delete(session.id);
    this.#slowReaders.forget(session);
    this.logger.debug({ client: session.connection.peer, cause: cause?.message }, "client gone");
  }

  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  watchElsewhere(session: Session<Server>): ((ref: KeyRef, wallMs: number) => Promise<Watch>) | undefined {
    const { clusterDoor } = this;
    return clusterDoor && ((ref, wallMs) => clusterDoor.keys.watch(ref, wallMs, session.consistency));
  }

  #openClusterDoor(cluster: ServedCluster): ClusterDoor {
    const { dispatcher, node, settings } = this;
    return new ClusterDoor({
      cluster,
      node,
      settings,
      host: this,
      clock: this.runtime.clock,
      random: this.runtime.random,
      commandOf: (args) => dispatcher.commandOf(args),
      refusal: (cause) => dispatcher.refusal(cause),
    });
  }

  #claimsOf({ cluster, keys }: ClusterDoor): RequestClaims {
    const commandIn = ({ bytes, starts, ends }: Request) => {
      const item = this.commands.find(bytes, starts[0]!, ends[0]!);
      return item?.kind === "command" ? item.entry.command : undefined;
    };
    return new RequestClaims({ cluster, keys, commandIn, isPaused: () => this.pause.mode !== undefined });
  }

  #accept(connection: Connection): void {
    this.statistics.connections++;
    if (this.sessions.size >= this.limits.clientsMax) {
      this.statistics.rejectedConnections++;
      connection.write(Buffer.from("-ERR max number of clients reached\r\n", "latin1"));
      connection.end();
      return;
    }
    const session = new Session<Server>(this, connection, this.#nextSessionId++);
    this.sessions.set(session.id, session);
    connection.start(session);
  }

  /** May come again and again as fast as the system can say it. */
  #onAcceptFailure(cause: Error): void {
    this.statistics.rejectedConnections++;
    const nowMs = this.runtime.clock.monotonicMs();
    if (nowMs < this.#quietUntilMs) return;
    this.#quietUntilMs = nowMs + ACCEPT_FAILURE_QUIET_MS;
    this.logger.error(
      { cause, rejected: this.statistics.rejectedConnections },
      "connections cannot be accepted",
    );
  }

  #tick(): void {
    this.wallMs = this.runtime.clock.wallMs();
    this.statistics.sample(TICK_MS);
    this.measureMemory();
    this.writer.forgetSources(); // an engine may have let go of them
    this.turn.onSecond();
    this.hotKeys.onSecond(this.statistics.commandsPerSecond);
    this.#closeSlowReaders();
    this.#announceLoad();
    if (this.node.cluster?.hasLeft === true) this.#onLeft();
    const { idleTimeoutMs } = this.settings;
    if (idleTimeoutMs === 0) return;
    for (const session of this.sessions.values()) {
      if (!session.isWaiting && this.wallMs - session.lastInteractionMs > idleTimeoutMs)
        session.connection.destroy();
    }
  }

  #announceLoad(): void {
    const { node, statistics } = this;
    node.cluster?.announceLoad({
      storedBytes: node.storedBytes,
      requestsPerSecond: Math.max(0, statistics.commandsPerSecond),
    });
  }

  /** Nobody in the cluster listens to this node any more: clients are better off elsewhere. */
  #onLeft(): void {
    if (this.#closing !== undefined) return;
    const text = "this node has left its cluster, and stops; to join again it needs an empty data directory";
    this.logger.warn({ dataDirectory: this.settings.dataDirectory }, text);
    this.close().catch((cause: unknown) => this.logger.error({ cause }, "could not close in good order"));
  }

  #closeSlowReaders(): void {
    const nowMs = this.runtime.clock.monotonicMs();
    for (const session of this.#slowReaders.overdue(this.sessions.values(), nowMs, this.limits)) {
      const { peer, unsentBytes } = session.connection;
      this.logger.warn({ client: peer, unsentBytes }, "closed: it takes too long to read its replies");
      this.statistics.outputLimitCloses++;
      session.kill();
    }
  }

  /** Closes the clients that hold the most until the rest is within the limit. */
  #evictClients(): void {
    while (this.#clientBytes > this.limits.clientBytesMax) {
      const hungriest = hungriestSession(this.sessions.values(), this.limits.clientBytesMax);
      if (hungriest === undefined) return;
      this.statistics.evictedClients++;
      this.logger.warn(
        { client: hungriest.connection.peer, bytes: hungriest.heldBytes },
        "closed: clients hold too much",
      );
      hungriest.kill();
    }
  }

  async #close(): Promise<void> {
    this.#cancelTick?.();
    await this.#listener?.close();
    this.pause.end();
    this.outbox.flush();
    const gone = [...this.sessions.values()].map((session) => session.finish());
    const patience = new AbortController();
    const expired = this.runtime.clock.sleep(CLOSE_PATIENCE_MS, patience.signal).catch(() => undefined);
    await Promise.race([Promise.all(gone), expired]);
    patience.abort();
    if (this.sessions.size > 0) {
      const clients = this.sessions.size;
      this.logger.warn(
        { clients },
        "closed: their commands, or their reading of replies, took too long to wait for",
      );
    }
    for (const session of this.sessions.values()) session.connection.destroy();
    await this.admin?.close();
    await this.tracing?.close();
    await this.node.close();
    this.#onClosed();
  }
}
