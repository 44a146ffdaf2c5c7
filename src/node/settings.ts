/**
 * The settings of one node, with their defaults. What may be written in them stands in settings-schema.ts;
 * how people give them (flags, environment, file) in src/cli/.
 */
import type { EvictionPolicy } from "../base/eviction-policy.ts";

export const STORAGE_KINDS = ["memory", "disk"] as const;
export type StorageKind = (typeof STORAGE_KINDS)[number];

/** When an acknowledged write is on the disk: before its answer, within about a second, or when the system likes. */
export const FSYNC_POLICIES = ["always", "everysec", "no"] as const;
export type FsyncPolicy = (typeof FSYNC_POLICIES)[number];

export const DATABASE_COUNT = 16;

const MIB = 1024 * 1024;

export interface NodeSettings {
  /** Address to listen on. Anything but loopback needs a password. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly dataDirectory: string;
  readonly storage: StorageKind;
  /** Memory for rows and their index; 0 for no limit. */
  readonly maxmemoryBytes: number;
  readonly evictionPolicy: EvictionPolicy;
  readonly fsync: FsyncPolicy;
  /**
   * With storage disk: rows are gathered in so much memory before they become a file; a few such may wait. Undefined for
   * what suits the machine.
   */
  readonly memtableBytes: number | undefined;
  /** With storage disk: memory for rows that are in files, too; undefined for what suits the machine. */
  readonly blockCacheBytes: number | undefined;
  /** With storage disk: while it has not answered for so long, writes are refused; 0 to let them wait for ever. */
  readonly diskTimeoutMs: number;
  /** With storage disk: so much of it is read and verified in a second, at most, though nobody asks; 0 for none. */
  readonly scrubBytesPerSecond: number;
  /** With storage disk: start on a damaged directory with what is whole of it. */
  readonly recover: boolean;
  /** What AUTH asks for; undefined lets everybody in. Never to be logged. */
  readonly password: string | undefined;
  readonly maxClients: number;
  /** A connection that stays silent for so long is closed; 0 for never. */
  readonly idleTimeoutMs: number;
  /** Of one value, or any other argument of a command. */
  readonly valueBytesMax: number;
  /** Replies that one connection has not read yet; past it the connection is closed. 0 for no limit. */
  readonly outputBufferBytesMax: number;
  /** Buffers of all connections together; past it the hungriest are closed. 0 for no limit. */
  readonly clientMemoryBytesMax: number;
  /** Commands that take longer are kept in the slow log; 0 keeps all, -1 none. */
  readonly slowlogThresholdMicros: number;
  readonly slowlogLength: number;
  /** Where other nodes reach this one. Anything but loopback needs a secret; no wildcard, for others are told of it. */
  readonly peerHost: string;
  /** 0 for any free port; undefined: the node is alone, and no part of a cluster. */
  readonly peerPort: number | undefined;
  /** "host:port" that other nodes are told to reach this one at, where that is not where it listens; "": it is. */
  readonly peerAnnounce: string;
  /** "host:port" of other nodes' peer doors, with commas between: the cluster to join, or to found together. */
  readonly join: string;
  /** The id of a member that will not come back, or its beginning, whose place this node takes when it joins; "": nobody's. */
  readonly replaces: string;
  readonly datacenter: string;
  readonly rack: string;
  /** Two copies never meet on one; undefined: this machine's own id. */
  readonly machine: string | undefined;
  /** The node's share of the data, to that of others. */
  readonly weight: number;
  /** Slots that move to this node come no faster; 0 for no limit but the latency of who is served meanwhile. */
  readonly moveBytesPerSecond: number;
  /** What the nodes of a cluster know, and nobody else. Never to be logged. */
  readonly secret: string | undefined;
  /** Where the admin door listens. Anything but loopback needs a token. */
  readonly adminHost: string;
  /** 0 for any free port; undefined: 1000 above the port for clients, if that is free. */
  readonly adminPort: number | "off" | undefined;
  /** What callers of the admin door must show; undefined lets everybody in. Never to be logged. */
  readonly adminToken: string | undefined;
  /** "http://host:port/path" of a collector that takes traces as OTLP over HTTP, in JSON; undefined: none are made. */
  readonly traceEndpoint: string | undefined;
  /** Of the requests that say nothing of traces themselves, the part that is traced: 0 to 1. */
  readonly traceSample: number;
  /** "off": requests are not timed, and neither hot keys nor slow commands are looked for. */
  readonly metrics: "on" | "off";
  /** Fixed: row keys have room for no more. */
  readonly databases: typeof DATABASE_COUNT;
}

export const DEFAULT_SETTINGS: NodeSettings = {
  host: "127.0.0.1",
  port: 6379,
  dataDirectory: "./data",
  storage: "disk",
  maxmemoryBytes: 0,
  evictionPolicy: "noeviction",
  fsync: "everysec",
  memtableBytes: undefined,
  blockCacheBytes: undefined,
  diskTimeoutMs: 10_000,
  scrubBytesPerSecond: 4 * MIB,
  recover: false,
  password: undefined,
  maxClients: 10_000,
  idleTimeoutMs: 0,
  valueBytesMax: 64 * MIB,
  outputBufferBytesMax: 256 * MIB,
  clientMemoryBytesMax: 1024 * MIB,
  slowlogThresholdMicros: 10_000,
  slowlogLength: 128,
  peerHost: "127.0.0.1",
  peerPort: undefined,
  peerAnnounce: "",
  join: "",
  replaces: "",
  datacenter: "dc1",
  rack: "rack1",
  machine: undefined,
  weight: 1,
  moveBytesPerSecond: 0,
  secret: undefined,
  adminHost: "127.0.0.1",
  adminPort: undefined,
  adminToken: undefined,
  traceEndpoint: undefined,
  traceSample: 0.01,
  metrics: "on",
  databases: DATABASE_COUNT,
};
