/**
 * The only doors to the outside world. `nodejs/` opens them for real; the simulator fakes them.
 * Both pass the contract tests beside this file (`*.contract.ts`).
 */
export interface Runtime {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly network: Network;
  readonly random: Random;
  readonly host: Host;
  readonly background: Background;
}

export interface Clock {
  /** Milliseconds since an arbitrary start, with a fraction; never goes back. For timeouts and latencies. */
  monotonicMs(): number;
  /**
   * As `monotonicMs`, but read once in each turn of the event loop: it lags by what has passed of the turn. For what is
   * measured many times a turn.
   */
  turnMs(): number;
  /** Whole milliseconds since the Unix epoch; may jump. Only for what a human, a TTL or an HLC reads. */
  wallMs(): number;
  /** Resolves after `delayMs`, or rejects with `signal.reason` if aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /**
   * Calls `tick` every `intervalMs` until cancelled; ticks never overlap and never pile up. Does not keep the
   * process alive. Requires: 0 < intervalMs < 2^31.
   */
  every(intervalMs: number, tick: () => void): Cancel;
  /** Calls `task` once, after the events already waiting were handled. Never before the caller returns. */
  defer(task: () => void): void;
}

export type Cancel = () => void;

export interface Random {
  /** A whole number in [0, 2^32). Not for secrets. */
  uint32(): number;
  /** A whole number in [0, limit). Requires: 0 < limit <= 2^32. */
  below(limit: number): number;
  /** `count` bytes fit for identities and secrets (the simulator's are repeatable by seed). */
  bytes(count: number): Uint8Array;
}

/** Work beside the event loop: on other threads where there are any. */
export interface Background {
  /**
   * Runs `task` apart from this thread, some tasks at a time and the rest in order. Input and output are copied as
   * by structuredClone; a SharedArrayBuffer stays shared. Resolves to what the task resolves to; rejects
   * as it does, with a StoreError for a StoreError, and with StoreError CLOSED after `close`.
   */
  run<Input, Output>(task: BackgroundTask<Input, Output>, input: Input): Promise<Output>;
  /** Where there are threads: how busy those are that live. */
  usage?(): BackgroundUsage;
  /** Lets tasks that run end, refuses the others. Resolves when no thread is left. */
  close(): Promise<void>;
}

export interface BackgroundUsage {
  readonly threads: number;
  readonly running: number;
  readonly waiting: number;
  readonly busyMs: number;
  /** Their processor time, of all threads so far; undefined where nobody tells it of threads. */
  readonly cpuMs?: number | undefined;
}

/** A value that its module exports under the name `task`: so another thread can find it. */
export interface BackgroundTask<Input, Output> {
  /** `import.meta.url` of that module. */
  readonly moduleUrl: string;
  run(runtime: TaskRuntime, input: Input): Promise<Output>;
}

/** What a task has of the outside world. */
export type TaskRuntime = Pick<Runtime, "clock" | "disk" | "network">;

/** What a process may ask about itself and its machine. */
export interface Host {
  /** Stable across restarts and shared by all processes of one machine: two copies never meet on one. */
  readonly machineId: string;
  readonly processId: number;
  /** Operating system and architecture, as INFO shows them. */
  readonly platform: string;
  /** Files and sockets that this process may have open at a time; Infinity if nobody says. */
  readonly openFilesMax: number;
  /** How many threads may run at a time. */
  readonly processorCount: number;
  residentBytes(): number;
  totalMemoryBytes(): number;
  cpuSeconds(): { readonly user: number; readonly system: number };
  /** Of the file system that the path is on; undefined if nobody says. */
  diskRoom(path: string): DiskRoom | undefined;
}

export interface DiskRoom {
  /** What this process may still write. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/**
 * Files by path; `/` separates, whatever the machine. Every method rejects with StoreError `IO`
 * (cause: the system's error) unless it says otherwise; a full disk has `cause.code` "ENOSPC".
 */
export interface Disk {
  /**
   * Opens for reading and appending; creates an empty file if absent and `create` is not false. A created
   * file is durable only after its own `sync` and `syncDirectory` of the parent.
   */
  open(path: string, options?: OpenOptions): Promise<DiskFile>;
  /** Names in the directory, sorted; empty if there is no such directory. */
  list(path: string): Promise<readonly string[]>;
  exists(path: string): Promise<boolean>;
  /** Creates the directory and its parents; fine if it is there. Resolves when durable. */
  makeDirectory(path: string): Promise<void>;
  /** Atomic; replaces `to`. Durable only after `syncDirectory` of the parent. */
  rename(from: string, to: string): Promise<void>;
  /** A second name for the same file; EEXIST if taken. Durable only after `syncDirectory` of the parent. */
  link(from: string, to: string): Promise<void>;
  /** A file or an empty directory; fine if absent. Durable only after `syncDirectory` of the parent. */
  remove(path: string): Promise<void>;
  /** Resolves when creations, renames and removals in the directory are durable. */
  syncDirectory(path: string): Promise<void>;
  /**
   * Takes the file as a lock among the processes of this machine, making it if absent. While a living process holds
   * it, this one included, rejects with cause.code "EAGAIN". A process that ended holds nothing.
   */
  lock(path: string): Promise<DiskLock>;
  /**
   * Tells a file from every copy of it: stays through changes and renames, and is shared by links. Of two files that
   * never existed at one time, ids may rarely be equal. Of a directory as well.
   */
  fileId(path: string): Promise<string>;
}

export interface DiskLock {
  /** Idempotent. */
  release(): Promise<void>;
}

export type OnRead = (bytes: Uint8Array | undefined, cause: unknown) => void;

/** Changes (append, truncate, sync, close) apply in the order they were asked for, awaited or not. */
export interface OpenOptions {
  readonly create?: boolean;
  /**
   * Zeros are written ahead of what is appended, up to a multiple of so many bytes, and what is appended next takes
   * their place. Most syncs need not record a new length then, which takes some disks half their time. `close` cuts off
   * what is left of the zeros, not durably: whoever opens the file after a crash finds them behind what was appended.
   * Where there is no room for zeros, there are none. Requires: nobody else appends to the file.
   */
  readonly zerosAheadBytes?: number;
}

export interface DiskFile {
  /**
   * Resolves when the bytes are readable, which is before they are durable. Keeps `bytes` until then. A
   * failed append leaves nothing behind if its outcome is "not-applied", else perhaps a prefix of its bytes.
   */
  append(bytes: Uint8Array): Promise<void>;
  /**
   * As `append`, at once: the bytes are readable when it returns. For few bytes, where waiting for another thread costs
   * more than the copy to the system. Throws what `append` rejects with. Requires: no change is under way.
   */
  appendSync(bytes: Uint8Array): void;
  /** Resolves when every earlier append and truncate is durable. */
  sync(): Promise<void>;
  /**
   * As `sync`, at once: everything else waits for the disk meanwhile. For few bytes on a disk known to be quick. Throws
   * what `sync` rejects with. Requires: no change is under way.
   */
  syncSync(): void;
  /** Resolves to a new buffer; shorter than `length` only at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /**
   * As `read`, at once: everything else waits for the disk meanwhile. Only for callers who have promised their own
   * callers to answer at once. Throws what `read` rejects with. With a `target`, which has
   * room for `length`, the bytes are its first ones.
   */
  readSync(offset: number, length: number, target?: Uint8Array): Uint8Array;
  /**
   * As `readSync`, if that surely takes less time than to have it done by somebody else; else, and where the read
   * fails, undefined, with no time lost.
   */
  readQuickly(offset: number, length: number, target?: Uint8Array): Uint8Array | undefined;
  /**
   * As `read`, for many short reads: calls `onRead` later, once, with the bytes or with what `read` rejects with. The
   * bytes are valid, and to be left as they are, until it returns. It must not throw.
   */
  borrow(offset: number, length: number, onRead: OnRead): void;
  /** Without zeros ahead, but for those that were there when it was opened. */
  sizeBytes(): Promise<number>;
  /** Cuts the file to `sizeBytes`. */
  truncate(sizeBytes: number): Promise<void>;
  close(): Promise<void>;
}

export interface Network {
  /** Resolves when connections are accepted. Rejects with StoreError `IO` (cause.code "EADDRINUSE", ...). */
  listen(options: ListenOptions, accept: (connection: Connection) => void): Promise<Listener>;
  /** Resolves when connected. Rejects with StoreError `IO`. */
  connect(options: ConnectOptions): Promise<Connection>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Told of connections that came and could not be accepted, where the system tells. */
  readonly onAcceptFailure?: (cause: Error) => void;
}

export interface ConnectOptions extends Pick<ListenOptions, "host" | "port"> {
  readonly timeoutMs: number;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Stops accepting; connections already accepted live on. */
  close(): Promise<void>;
}

/**
 * An ordered stream of bytes both ways. Hot: one call per readable event and one per write, no promise.
 * A new connection delivers nothing until `start`.
 */
export interface Connection {
  /** "address:port" of the other end. */
  readonly peer: string;
  /** "address:port" of this end. */
  readonly local: string;
  /** Bytes accepted by `write` that the operating system has not taken yet. */
  readonly unsentBytes: number;
  /** Begins delivery. Call once. */
  start(events: ConnectionEvents): void;
  /**
   * Queues bytes. True if they are out of this process already, so that the caller may reuse the buffer;
   * false if the connection keeps the buffer until it calls `onDrain`. Ignored (true) after the close. What finds the
   * connection broken counts as unsent until the close is told.
   */
  write(bytes: Uint8Array): boolean;
  /**
   * Stops delivery of bytes until `resume`. A close by this end is still told; the other end's may show only
   * after `resume`, or by a write failing.
   */
  pause(): void;
  resume(): void;
  /**
   * Sends what is queued, then closes: once the other end has closed too, or has not for two seconds. Nothing
   * is delivered any more; `onDrain` may come or not.
   */
  end(): void;
  /** Closes at once; what is queued is lost. */
  destroy(): void;
}

export interface ConnectionEvents {
  /** `bytes[0, length)` arrived. The buffer is the network's: copy what is to outlive the call. */
  onBytes(bytes: Uint8Array, length: number): void;
  /** Everything written has left this process. */
  onDrain(): void;
  /** The other end will send no more; writing is still possible. */
  onEnd(): void;
  /** Last event, exactly once, whoever closed. `cause` is set unless the close was orderly. */
  onClose(cause: Error | undefined): void;
}
