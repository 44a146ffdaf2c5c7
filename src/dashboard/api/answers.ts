/** What the admin API answers, as far as the dashboard reads it. Everything is the view of the node that answers. */

export type Level = "ok" | "warn" | "bad";

/** GET /api/status */
export interface StatusAnswer {
  /** Null for a node alone. */
  readonly clusterId: string | null;
  readonly epoch: number;
  readonly self: string;
  readonly sentence: string;
  readonly level: Level;
  readonly members: readonly Member[];
  readonly keyspaces: readonly Keyspace[];
  readonly move: MoveUnderWay | null;
}

export interface Member {
  readonly id: string;
  readonly name?: string;
  readonly host: string | null;
  readonly port: number | null;
  readonly peerPort: number | null;
  readonly adminPort?: number | null;
  readonly datacenter: string;
  readonly rack: string;
  readonly machine: string;
  readonly weight: number;
  readonly state: "joining" | "member" | "leaving";
  readonly up: boolean;
  readonly suspect?: boolean;
  readonly phi?: number | null;
  readonly self: boolean;
  readonly hintsPending: number;
  readonly slots: number;
  /** 0 to 1. */
  readonly share: number;
  readonly load?: MemberLoad | null;
}

export interface MemberLoad {
  readonly opsPerSecond: number;
  readonly usedMemory: number | null;
  readonly diskBytes: number | null;
}

export interface Keyspace {
  readonly name: string;
  readonly copies: number;
  readonly read: string;
  readonly write: string;
  readonly mode: string;
  readonly copiesByDatacenter: Readonly<Record<string, number>>;
  /** Whether a read sees every write that was acknowledged before it. */
  readonly readsSeeWrites: string;
  readonly storage: string;
  /** Of a keyspace in memory: what its rows may take on each node (0 for no limit), and which go then. */
  readonly maxmemory?: number;
  readonly evict?: string;
  /** 0: keys do not expire by themselves. */
  readonly ttlMs: number;
  readonly conflictRule: string;
}

export interface MoveUnderWay {
  readonly kind: string;
  /** The id of who joins, leaves, changes its weight or takes another's place. */
  readonly member: string;
  readonly stage: string;
  /** 0 to 1. */
  readonly progress: number;
  /** What was fetched for it. */
  readonly bytes: number;
  readonly bytesPerSecond: number;
}

/** GET /api/ring */
export interface RingAnswer {
  readonly slots: number;
  readonly members: readonly RingOwner[];
  /** The ring once the move under way is over. */
  readonly next: { readonly members: readonly RingOwner[] } | null;
}

export interface RingOwner {
  readonly id: string;
  readonly name: string;
  readonly tokens: readonly number[];
}

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** GET /api/metrics/summary */
export interface SummaryAnswer {
  readonly atMs: number;
  readonly evictionsPerSecond: Readonly<Record<string, number>>;
  /** By the id of the peer. */
  readonly replicationLagSeconds: Readonly<Record<string, number>>;
  readonly cpu: {
    readonly user: number;
    readonly system: number;
    readonly eventLoopUtilization: number;
    readonly eventLoopDelayP99Ms: number;
  };
  readonly latencyMs: Readonly<Record<string, Percentiles & { readonly perSecond: number }>>;
  /** Milliseconds. */
  readonly phases: Readonly<Record<string, Percentiles>>;
  readonly opsPerSecond: number;
  readonly errorsPerSecond: number;
  readonly hitRate: number | null;
  readonly connections: number;
}

/** GET /api/metrics/history: the arrays have one length; a null is a second of which nothing is known. */
export interface HistoryAnswer {
  readonly stepMs: number;
  readonly series: HistorySeries;
}

export const SERIES_NAMES = ["ops", "p50", "p99", "p999", "evictions", "lag", "cpu", "loop"] as const;
export type SeriesName = (typeof SERIES_NAMES)[number];
export type HistorySeries = {
  readonly [name in SeriesName]?: readonly (number | null)[];
} & {
  /** Milliseconds since 1970, rising. */
  readonly times: readonly number[];
};

/** GET /api/hotkeys */
export interface HotKeysAnswer {
  readonly windowMs: number;
  readonly keys: readonly HotKey[];
}

export interface HotKey {
  readonly key: string;
  readonly slot: number;
  readonly perSecond: number;
  /** Of all such operations, 0 to 1. */
  readonly share: number;
}

export type HotKeyOrder = "reads" | "writes" | "bytes";

/** GET /api/events/recent, and what GET /api/events streams. */
export interface ClusterEvent {
  readonly id: number | string;
  readonly atMs: number;
  readonly kind: string;
  readonly text: string;
  readonly node?: string | null;
  readonly level: Level;
}

/** GET /api/key */
export interface KeyAnswer {
  readonly key: string;
  readonly slot: number;
  readonly keyspace: string;
  readonly preferenceList: readonly string[];
  readonly fallbacks: readonly string[];
  readonly replicas: readonly KeyReplica[];
  readonly merged: {
    /** For KV.PUT ... CONTEXT. */
    readonly context: string;
    readonly siblings: readonly Sibling[];
  };
  /** Whether all replicas that answered hold the same. */
  readonly identical: boolean;
}

export interface KeyReplica {
  readonly id: string;
  readonly state: "present" | "missing" | "tombstone" | "unreachable";
  readonly version?: { readonly context: readonly Dot[]; readonly siblings: readonly Sibling[] } | null;
}

export interface Dot {
  readonly actor: string;
  readonly counter: number;
}

export interface Sibling {
  readonly dot: Dot;
  readonly hlcMs: number;
  readonly expiresAtMs: number | null;
  readonly kind: string;
  readonly bytes: number;
  readonly value: string;
  readonly valueEncoding: "utf8" | "base64";
}
