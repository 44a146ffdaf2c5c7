/**
 * What clients did to a simulated cluster and what they were told, and how the cluster looked when all was over.
 * The workload writes it down, the checkers read it. Times are the world's true time, which no process sees.
 *
 * Every value that is written is unique (see `Operation.command`), so it tells which write a read has seen.
 */

/** A RESP value, as a program would see it. Errors are no replies: see Outcome. */
export type Reply = string | number | null | readonly Reply[];

export type Outcome =
  | { readonly kind: "reply"; readonly reply: Reply }
  /** Surely had no effect: NOTAPPLIED, a refusal of the command itself, or a connection that was never made. */
  | { readonly kind: "not-applied"; readonly error: string }
  /** May have an effect, now or at any later time, once. Each attempt that was sent anew is an operation of its own. */
  | { readonly kind: "unknown"; readonly error: string };

/**
 * What a key is used for: all operations on one key are of one family, but for those that bring the cluster to rest.
 *
 *   register   SET (with or without NX, XX, GET), GETSET, GETDEL, GET, DEL
 *   appended   APPEND, GET, DEL
 *   counter    INCR, DECR, INCRBY, DECRBY, GET
 *   versioned  KV.GET, KV.PUT and KV.DEL with CONTEXT, and blind SET
 *   delete     SET, DEL, UNLINK, EXISTS, GET: a key that is often not there
 *   expiry     SET with PX, PEXPIRE, PERSIST, PTTL, GET
 *   cached     SET, GET, DEL: of a keyspace that may evict, which promises its clients nothing
 *   many       one operation for each key of one MSET or MGET: `together` tells which belong together
 */
export type Family =
  | "register"
  | "appended"
  | "counter"
  | "versioned"
  | "delete"
  | "expiry"
  | "cached"
  | "many";

export interface Operation {
  /** Its place in the history: operations are in the order in which they were invoked. */
  readonly index: number;
  /** A session: a client's operations follow one another, and the next is invoked once the last has ended. */
  readonly client: number;
  /** The name of the node that was asked. */
  readonly node: string;
  readonly family: Family;
  readonly key: string;
  /** As sent, the levels asked for included: ["KV.WITH", "READ", "one", "--", "GET", "k"]. */
  readonly command: readonly string[];
  readonly invokedAtMs: number;
  /** Undefined while nothing has been heard; then so is `outcome`. */
  endedAtMs: number | undefined;
  outcome: Outcome | undefined;
  /** Of MSET and MGET: the index of the first operation of the same command, whose `command` is the whole. */
  readonly together?: number;
}

export interface History {
  readonly operations: readonly Operation[];
  readonly promises: Promises;
}

/** What the settings of a run promise. Computed by `promisesOf`; checkers look for nothing that is not promised. */
export interface Promises {
  /** Operations on one key are as if done one by one, each between its invocation and its end (see promises.ts: for which). */
  readonly isLinearizable: boolean;
  /** A read at the default level sees every write at the default level that was acknowledged before it began. */
  readonly readsSeeWrites: boolean;
  /** A client that reads twice never sees an older state the second time. */
  readonly readsAreMonotonic: boolean;
  /** Acknowledged writes outlive the crash (a power failure) of this many machines, one after another. */
  readonly crashesSurvived: number;
  /** As many as may be lost with their disks. */
  readonly wipesSurvived: number;
  /** Replicas of a key become equal by themselves, without its being read, once faults have stopped for `convergesInMs`. */
  readonly convergesUnread: boolean;
  readonly convergesInMs: number;
  /** Copies of each key in each datacenter, on distinct machines: as many as that has, if it has fewer. */
  readonly copies: number;
  /** No reply takes longer, while the node that was asked is up and reached. */
  readonly answersInMs: number;
  /** No machine's wall clock is ever further from the true time, which is the epoch's too; undefined: they may be. */
  readonly clockErrorMsMax?: number;
}

/** One version of one row, as a replica had it at some moment. */
export interface SeenDot {
  /** The actor's 64 bits in hexadecimal. */
  readonly actor: string;
  readonly counter: number;
  readonly key: string;
  /** Equal for equal content of the version: two versions of one dot that differ are two writes. */
  readonly content: string;
  readonly node: string;
}

export interface SumComparison {
  readonly node: string;
  readonly slot: number;
  /** What the engine keeps, and what a scan of all rows comes to: in hexadecimal. */
  readonly kept: string;
  readonly scanned: string;
}

export interface QueueReport {
  readonly node: string;
  /** Which queue, in words: "hints for n3 (bytes)". */
  readonly name: string;
  readonly longest: number;
  readonly bound: number;
}

/**
 * The cluster after the faults have stopped and `convergesInMs` has passed. Where replicas are not promised to become equal
 * unread, every key has been read at level all before.
 */
export interface Aftermath {
  readonly healedAtMs: number;
  readonly takenAtMs: number;
  /** Node -> key -> encoded cell: each node's own copy. A node that could not be started again is not in it. */
  readonly replicas: ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>;
  /** Keys of which each replica lets go as it likes: nobody repairs them. */
  readonly cached?: ReadonlySet<string>;
  /** Key -> names of the nodes that should hold it. */
  readonly placement: ReadonlyMap<string, readonly string[]>;
  /** Node -> its machine, as in the topology. */
  readonly machines: ReadonlyMap<string, string>;
  /** Node -> its datacenter. */
  readonly datacenters: ReadonlyMap<string, string>;
  /** Node -> the wall time that it has. */
  readonly wallMs: ReadonlyMap<string, number>;
  /** From all looks at the replicas, those during the run included. */
  readonly dots: readonly SeenDot[];
  readonly sums: readonly SumComparison[];
  readonly queues: readonly QueueReport[];
  /** Node -> the committed plan it knows, in words: "epoch 4 of a b c". */
  readonly plans: ReadonlyMap<string, string>;
  /** Slots on their way, and who waits for some, in words. */
  readonly moves: readonly string[];
  /** Operations never heard of again, by index. */
  readonly unanswered: readonly number[];
  /** Key -> what a quorum read at the end answered: a register's value, null, or KV.GET's values without the context. */
  readonly finalReads: ReadonlyMap<string, Reply>;
  /** Those that are still not running, though they should. */
  readonly nodesDown: readonly string[];
}

export interface Violation {
  /** The checker's name, as in its file. */
  readonly checker: string;
  readonly message: string;
  readonly key?: string;
  /** Those that show it, by index; the fewer the better. */
  readonly operations: readonly number[];
  readonly atMs: number;
}
