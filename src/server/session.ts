/**
 * One client: its connection, what it has chosen (database, protocol, name), and the requests it has sent.
 *
 * Requests of one session run strictly one after the other; in a cluster, where they wait for other nodes, those that do not
 * concern each other run at once (request-line.ts). What was received in one turn of the event loop
 * is answered with one write. A session that waits (for the disk, for other nodes, for CLIENT UNPAUSE, for a reader
 * slower than its replies) stops reading once more has come meanwhile, so that its memory stays bounded.
 * Hot: `onBytes` to `send` is the life of every request; watched by `bench -- redis`.
 */
import type { Reply } from "../resp/reply.ts";
import type { Request } from "../resp/request.ts";
import {
  type DecodeStatus,
  EMPTY,
  NEED_MORE,
  REQUEST,
  RequestDecoder,
  TOO_LARGE,
} from "../resp/request-decoder.ts";
import type { Connection, ConnectionEvents } from "../runtime/runtime.ts";
import { type AskedLevels, UNASKED } from "./cluster/consistency.ts";
import { type Answer, NO_REPLY } from "./command-shape.ts";
import { Inflow } from "./inflow.ts";
import { GATHERED_BYTES_MAX, type Sender } from "./outbox.ts";
import { RequestLine } from "./request-line.ts";
import type { SessionHost } from "./session-host.ts";
import { isBehind, othersHad, TURN_MICROS_MAX } from "./session-limits.ts";
import { Transaction } from "./transaction.ts";
import { unusualReply } from "./unusual-request.ts";
import { WatchList } from "./watch-list.ts";
import { writeIfFits } from "./whole-or-nothing.ts";

export class Session<Host extends SessionHost<Session<Host>>> implements ConnectionEvents, Sender {
  readonly id: number;
  readonly server: Host;
  readonly connection: Connection;
  readonly createdMs: number;
  readonly decoder: RequestDecoder;

  name = "";
  libraryName = "";
  libraryVersion = "";
  database = 0;
  protocol: 2 | 3 = 2;
  /** KV.CONSISTENCY. */
  consistency: AskedLevels = UNASKED;
  isAuthenticated: boolean;
  /** CLIENT REPLY: `skip` leaves out the next reply only. */
  replyMode: "on" | "off" | "skip" = "on";
  /** CLIENT NO-TOUCH: reads do not count as use. */
  leavesNoTrace = false;
  /** CLIENT NO-EVICT: spared when client memory runs out. */
  isSpared = false;
  /** What is queued since MULTI. */
  transaction: Transaction<Session<Host>> | undefined;
  readonly watched: WatchList;
  /** True while EXEC runs what was queued: nobody else's requests may come between. */
  isExecuting = false;
  lastCommandName = "NULL";
  lastInteractionMs: number;
  commandCount = 0;
  /** True while a command of this session is held back or sleeps, as INFO counts it. */
  isBlocked = false;

  /** True where nothing about the session keeps a request from its fast path. Kept by `refreshPlain`. */
  isPlain = false;
  /** What of `bufferBytes` the server has been told: 0 once closed. Kept by `#account`. */
  heldBytes = 0;

  #isAwaiting = false;
  /** Undefined where requests run one after the other. */
  readonly #line: RequestLine<Session<Host>> | undefined;
  #isBackedUp = false;
  readonly #inflow: Inflow;
  #isClosing = false;
  #isClosed = false;
  #hasEnded = false;
  /** Runs in progress, and parts of replies that are in the outbox or wait until they are durable. */
  #pendingCount = 0;
  /** Parts of replies that wait until they are durable. */
  #lateCount = 0;
  readonly #whenClosed: (() => void)[] = [];

  constructor(server: Host, connection: Connection, id: number) {
    this.server = server;
    this.connection = connection;
    this.#inflow = new Inflow(connection);
    this.#line = server.claims && new RequestLine(this, server, server.claims);
    this.id = id;
    this.createdMs = server.runtime.clock.wallMs();
    this.lastInteractionMs = this.createdMs;
    this.watched = new WatchList(server.node.replica, server.watchElsewhere(this));
    this.decoder = new RequestDecoder({ valueBytesMax: server.settings.valueBytesMax });
    this.isAuthenticated = this.decoder.authenticated = server.settings.password === undefined;
    this.refreshPlain();
  }

  /** True from QUIT or a protocol error on: no more requests are run. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** True while a request of this session awaits something, be it its turn, or its reply does. */
  get isWaiting(): boolean {
    return this.#isAwaiting || this.#lateCount > 0 || this.#line?.isEmpty === false;
  }

  get #mustWait(): boolean {
    return this.#isAwaiting || this.#lateCount > 0 || this.#line?.isOpen === false;
  }

  /** Memory held for this client's requests and replies, and for the names it goes by, which may be long. */
  get bufferBytes(): number {
    const namesBytes = this.name.length + this.libraryName.length + this.libraryVersion.length;
    const queuedBytes = (this.transaction?.queuedBytes ?? 0) + this.watched.heldBytes;
    return (
      (this.#line?.heldBytes ?? 0) +
      this.decoder.heldBytes +
      this.connection.unsentBytes +
      queuedBytes +
      namesBytes
    );
  }

  /** Call after changing anything that `isPlain` depends on. */
  refreshPlain(): void {
    this.isPlain =
      this.isAuthenticated &&
      this.transaction === undefined &&
      this.replyMode === "on" &&
      !this.leavesNoTrace;
  }

  /** Takes over settings that changed while the client was connected. */
  applySettings(): void {
    const { valueBytesMax, password } = this.server.settings;
    this.decoder.valueBytesMax = valueBytesMax;
    if (password === undefined) this.authenticate();
  }

  authenticate(): void {
    this.isAuthenticated = this.decoder.authenticated = true;
    this.refreshPlain();
  }

  beginTransaction(): void {
    this.transaction = new Transaction(this.server.transactionBuffers.takeCalls());
    this.refreshPlain();
  }

  /** What follows is run at once again. What is watched stays so. */
  endTransaction(): void {
    this.transaction = undefined;
    this.refreshPlain();
  }

  /** Forgets what is queued and what is watched. */
  discard(): void {
    this.server.transactionBuffers.giveBackCalls(this.transaction?.calls);
    this.endTransaction();
    this.watched.clear();
  }

  /** Also for the reply to the present request. */
  setProtocol(protocol: 2 | 3): void {
    this.protocol = protocol;
    this.server.writer.protocol = protocol;
  }

  /** Becomes as it was when the client connected. */
  reset(): void {
    this.discard();
    [this.database, this.name, this.consistency] = [0, "", UNASKED];
    [this.replyMode, this.leavesNoTrace] = ["on", false];
    this.isAuthenticated = this.decoder.authenticated = this.server.settings.password === undefined;
    this.setProtocol(2);
    this.refreshPlain();
  }

  /**
   * Closes at once; what is queued is lost, and requests received are not run. The server has forgotten the session then.
   */
  kill(): void {
    this.#isClosing = true;
    this.#isClosed = true;
    this.server.sessions.delete(this.id);
    this.connection.destroy();
    this.#account();
  }

  /** Sends what is gathered, then closes: for QUIT, and for protocol errors. */
  closeAfterReply(): void {
    this.#isClosing = true;
  }

  /** Lets a request in progress end and its reply leave, then closes. Resolves when the connection is gone. */
  finish(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isClosing = true;
    this.#endIfDone();
    return new Promise((resolve) => this.#whenClosed.push(resolve));
  }

  onBytes(bytes: Uint8Array, length: number): void {
    this.server.statistics.countRead(length);
    this.decoder.feed(bytes, length);
    this.#run();
    this.#park();
  }

  onDrain(): void {
    if (this.#isBackedUp) {
      this.#isBackedUp = false;
      this.resume();
    } else {
      this.#account();
    }
  }

  onEnd(): void {
    this.#hasEnded = true;
    this.#endIfDone();
  }

  onClose(cause: Error | undefined): void {
    this.#isClosed = true;
    this.discard();
    this.decoder.release();
    this.#account();
    for (const resolve of this.#whenClosed) resolve();
    this.server.onSessionClosed(this, cause);
  }

  /** Runs the requests received so far, until one must wait or the reader falls behind. */
  #run(): void {
    const { server, decoder } = this;
    const { request, writer } = server;
    server.beginTurn();
    this.#pendingCount++; // replies may leave before the last request is run
    this.lastInteractionMs = server.wallMs;
    writer.protocol = this.protocol;
    if (!this.#isAwaiting && this.#lateCount === 0 && !this.#isClosing) this.#line?.goOn();
    while (!this.#mustWait && !this.#isBackedUp && !this.#isClosing && !this.#isClosed) {
      const status = decoder.next(request);
      if (status === NEED_MORE) break;
      if (status === REQUEST) this.#dispatch(request);
      else this.#onUnusual(status);
      if (writer.length > GATHERED_BYTES_MAX) this.#gather();
      if (server.busyMicros > TURN_MICROS_MAX && decoder.pendingBytes > 0 && !this.#mustWait)
        this.#await(othersHad(server.runtime.clock));
    }
    this.#gather();
    this.#pendingCount--;
    this.#endIfDone();
    server.endTurn();
  }

  #dispatch(request: Request): void {
    const line = this.#line;
    const isApart = line?.isEmpty !== false && (this.decoder.pendingBytes === 0 || !this.isPlain);
    if (line === undefined || isApart) this.begin(request);
    else line.offer(request);
  }

  /** Runs it, with nothing else of this session. */
  begin(request: Request): void {
    this.commandCount++;
    const result = this.server.dispatcher.dispatch(this, request);
    if (result instanceof Promise) this.#await(result);
    else this.reply(result);
  }

  #onUnusual(status: DecodeStatus): void {
    if (status === EMPTY) return;
    const line = this.#line ?? { answer: (reply: Answer) => this.reply(reply) };
    line.answer(unusualReply(status, this.decoder, this.server, this.connection.peer));
    if (status !== TOO_LARGE) this.#isClosing = true;
  }

  reply(reply: Answer): void {
    if (reply === NO_REPLY) return;
    if (this.replyMode === "on") {
      this.#write(reply);
    } else if (this.replyMode === "skip") {
      this.replyMode = "on";
      this.refreshPlain();
    }
  }

  /** A reply longer than a client may leave unread is replaced by an error: it was never sent. What was written stays. */
  #write(reply: Reply): void {
    const { writer, limits, outbox } = this.server;
    if (writeIfFits(writer, reply)) return;
    if (writer.length === 0) {
      writer.error(`OVERLOADED UNKNOWN the reply is longer than ${limits.replyBytesMax} bytes`);
      return;
    }
    this.#gather();
    outbox.flush(); // it may fit where nothing goes before it
    this.#write(reply);
  }

  /** Runs nothing more until the promise of a reply is kept. */
  #await(promise: Promise<Answer>): void {
    this.#isAwaiting = true;
    promise.then(
      (reply) => this.#onAwaited(reply),
      (cause: unknown) => this.#onAwaited(this.server.dispatcher.refusal(cause)),
    );
  }

  #onAwaited(reply: Answer): void {
    this.#isAwaiting = false;
    if (this.#isClosed) return;
    this.server.writer.protocol = this.protocol;
    this.reply(reply);
    this.resume();
  }

  resume(): void {
    this.#run();
    this.#park();
    if (this.#mustWait || this.#isBackedUp || this.#isClosing || this.#isClosed) return;
    if (!this.#hasEnded) this.#inflow.resume();
  }

  /** Gives the network's buffer back. Few clients send more before they have their reply: they are read no further. */
  #park(): void {
    this.decoder.park();
    if (this.#mustWait && this.decoder.pendingBytes > 0) this.#inflow.pause();
    this.#account();
  }

  #gather(): void {
    this.#pendingCount++; // before, since gathering may send at once
    if (!this.server.outbox.gather(this)) this.#pendingCount--;
  }

  send(replies: Uint8Array): boolean {
    const isFree = this.#send(replies);
    this.#endIfDone();
    return isFree;
  }

  /** False if the buffer is still needed. */
  #send(replies: Uint8Array): boolean {
    this.#pendingCount--;
    const { connection, server } = this;
    server.statistics.countWrite(replies.length);
    // Behind earlier replies a copy waits: else each would keep the whole buffer.
    const isBehind = connection.unsentBytes > 0;
    const isTaken = connection.write(isBehind ? replies.slice() : replies);
    if (!isTaken) this.#checkBacklog();
    if (!isTaken || isBehind) this.#account();
    return isTaken || isBehind;
  }

  awaitDurable(): void {
    this.#lateCount++;
  }

  sendLate(replies: Uint8Array): void {
    this.#lateCount--;
    if (this.#isClosed) return;
    this.#send(replies);
    if (!this.#isAwaiting && this.#lateCount === 0) this.resume();
  }

  failDurable(cause: unknown): void {
    this.server.logger.error({ cause, client: this.connection.peer }, "writes could not be made durable");
    this.connection.destroy();
  }

  /** Ends the connection if no more requests come or will be run, and every reply has been handed over. */
  #endIfDone(): void {
    if (this.isWaiting || this.#pendingCount > 0 || this.#isClosed) return;
    if (!this.#isClosing && !this.#hasEnded) return;
    this.server.onSessionLeaving(this);
    if (this.#isClosing || !this.#isBackedUp) this.connection.end();
  }

  #checkBacklog(): void {
    if (!isBehind(this, this.server)) return;
    this.#isBackedUp = true;
    this.#inflow.pause();
  }

  /** Tells the server how this client's buffers have grown or shrunk. */
  #account(): void {
    const bytes = this.#isClosed ? 0 : this.bufferBytes;
    const difference = bytes - this.heldBytes;
    if (difference === 0) return;
    this.heldBytes = bytes;
    this.server.onClientBytes(difference); // may well kill this session
  }
}
