/**
 * One client of a load: a connection, what it has asked for, and what came back. Hot: per readable event one call, and
 * per batch one write; nothing is allocated. `npm run bench -- loader` watches it.
 *
 * A read-modify-write is a GET, and once that is answered a SET; it counts when both are.
 * A connection that breaks loses what it has asked for; its client goes on with the next node.
 */
import { utf8 } from "../../base/bytes.ts";
import type { Connection, ConnectionEvents, Runtime } from "../../runtime/runtime.ts";
import type { NodeAddress } from "../node-call.ts";
import type { LatencyMeter } from "./latency-meter.ts";
import type { OperationSource } from "./operation-source.ts";
import { ANY_RECORD, PendingOperations } from "./pending-operations.ts";
import { ReplyScanner } from "./reply-scanner.ts";
import { RequestBatch, type RequestSizes } from "./request-batch.ts";
import { OPERATIONS } from "./workload.ts";

const READ_MODIFY_WRITE = OPERATIONS.indexOf("read-modify-write");
const UPDATE = OPERATIONS.indexOf("update");
/** In place of an operation: the SET of a read-modify-write. */
const ITS_WRITE = OPERATIONS.length;
const CONNECT_TIMEOUT_MS = 5_000;
const RECONNECT_MS = 50;

/** What the clients of one load share. */
export interface SharedLoad {
  readonly clock: Pick<Runtime["clock"], "monotonicMs" | "sleep">;
  readonly network: Pick<Runtime["network"], "connect">;
  readonly nodes: readonly NodeAddress[];
  readonly password: string | undefined;
  readonly source: OperationSource;
  readonly meter: LatencyMeter;
  readonly sizes: RequestSizes;
  /** Called after replies, and once the client is connected, with the time: what it asks for next. */
  onReady(client: LoadClient, nowMs: number): void;
  /** So many requests will never be answered. */
  onLost(requests: number): void;
  /** What it is told is no protocol of ours. */
  onStranger(): void;
}

export class LoadClient implements ConnectionEvents {
  readonly scanner = new ReplyScanner();
  readonly #load: SharedLoad;
  readonly #batch: RequestBatch;
  readonly #pending = new PendingOperations();
  readonly #writes = new PendingOperations();
  #connection: Connection | undefined;
  #nodeAt: number;
  #repliesToSkip = 0;
  #isOver = false;

  /** `place`: among the clients; they are spread over the nodes. */
  constructor(load: SharedLoad, place: number) {
    this.#load = load;
    this.#nodeAt = place;
    this.#batch = new RequestBatch(load.sizes);
  }

  get pendingCount(): number {
    return this.#pending.length;
  }

  /** Writes of read-modify-writes that are to be sent. */
  get waitingWrites(): number {
    return this.#writes.length;
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /** Resolves when connected. Rejects with StoreError IO. */
  async connect(): Promise<void> {
    const { network, nodes, password } = this.#load;
    const { host, port } = nodes[this.#nodeAt % nodes.length]!;
    const connection = await network.connect({ host, port, timeoutMs: CONNECT_TIMEOUT_MS });
    if (this.#isOver) return connection.destroy();
    this.#connection = connection;
    connection.start(this);
    if (password === undefined) return;
    this.#repliesToSkip = 1;
    const length = utf8(password).length;
    connection.write(utf8(`*2\r\n$4\r\nAUTH\r\n$${length}\r\n${password}\r\n`));
  }

  /** Adds the source's next operation to what `flush` sends. `startMs`: from when on its latency counts. */
  ask(startMs: number): void {
    const { source } = this.#load;
    source.next();
    const { kind, record } = source;
    this.#pending.push(kind, startMs, kind === READ_MODIFY_WRITE ? record : ANY_RECORD);
    this.#batch.add(kind, record, source.recordCount);
  }

  /** Adds what read-modify-writes have still to write. */
  askWrites(): void {
    const writes = this.#writes;
    for (; writes.length > 0; writes.drop(1)) {
      this.#pending.push(ITS_WRITE, writes.startMs, ANY_RECORD);
      this.#batch.add(UPDATE, writes.record, 1);
    }
  }

  flush(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    if (this.#connection?.write(batch.view) === false) batch.abandon();
    else batch.clear();
  }

  close(): void {
    this.#isOver = true;
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  onBytes(bytes: Uint8Array, length: number): void {
    const load = this.#load;
    let replies = this.scanner.scan(bytes, length);
    if (this.scanner.isBroken) {
      load.onStranger();
      return;
    }
    if (this.#repliesToSkip > 0 && replies > 0) {
      this.#repliesToSkip--;
      replies--;
    }
    const nowMs = load.clock.monotonicMs();
    if (replies > 0) this.#settle(replies, nowMs);
    load.onReady(this, nowMs);
  }

  onDrain(): void {
    // Buffers on their way are never written to again.
  }

  onEnd(): void {
    this.#connection?.destroy();
  }

  onClose(): void {
    if (this.#isOver) return;
    this.#connection = undefined;
    this.#load.onLost(this.#pending.length);
    this.#pending.clear();
    this.#writes.clear();
    this.#batch.abandon();
    void this.#reconnect();
  }

  /** Records the oldest operations. */
  #settle(replies: number, nowMs: number): void {
    const pending = this.#pending;
    const { meter } = this.#load;
    let left = Math.min(replies, pending.length);
    while (left > 0) {
      const { kind, startMs } = pending;
      if (kind === READ_MODIFY_WRITE) this.#writes.push(ITS_WRITE, startMs, pending.record);
      const count = pending.drop(left);
      left -= count;
      if (kind === READ_MODIFY_WRITE) continue; // it counts once its write is answered, too
      meter.note(kind === ITS_WRITE ? READ_MODIFY_WRITE : kind, nowMs - startMs, count);
    }
  }

  async #reconnect(): Promise<void> {
    const { clock } = this.#load;
    while (!this.#isOver && this.#connection === undefined) {
      this.#nodeAt++;
      await clock.sleep(RECONNECT_MS);
      if (this.#isOver) return;
      await this.connect().catch(() => undefined); // the next node, then; the load gives up if none answers
    }
    if (!this.#isOver) this.#load.onReady(this, clock.monotonicMs());
  }
}
