/**
 * This node's way to one other node: requests of all kinds over one connection, which is made when it is first needed
 * and again whenever it is lost.
 *
 * While the first attempt, or the first one after a loss, is under way, requests wait for it. Once an attempt has
 * failed the peer is unreachable, and requests are refused at once until one succeeds.
 *
 * Invariant: a request is refused, answered or failed, once. `not-applied` is said only of one whose bytes have not
 * been given to the connection, and then never are.
 * Hot: `request` makes no promise, closure or timer; watched by `bench -- peer`.
 */
import type { ByteRange } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import { CallTable } from "./call-table.ts";
import { FRAME_KIND, NO_REQUEST } from "./frame.ts";
import type { ChannelOwner, FrameChannel } from "./frame-channel.ts";
import type { FrameDecoder } from "./frame-decoder.ts";
import { FrameWriter, type PayloadWriter } from "./frame-writer.ts";
import { type DialerOwner, type LinkParts, type LinkState, PeerDialer } from "./peer-dialer.ts";
import { lossError, readFailure } from "./peer-failure.ts";
import type { PeerAddress, PeerId, PeerIdentity } from "./peer-identity.ts";
import { RoundTrips } from "./round-trips.ts";

/** Told how a request ended, once. One object may receive for many requests on many links. */
export interface ReplyReceiver {
  /** `payload` is the network's: copy what is to outlive the call. */
  onReply(from: PeerLink, payload: ByteRange): void;
  onFailure(from: PeerLink, failure: StoreError): void;
}

export interface LinkStatistics {
  readonly state: LinkState;
  readonly inFlight: number;
  readonly queuedBytes: number;
  /** Of the oldest request without an answer; 0 if there is none. */
  readonly oldestAgeMs: number;
  readonly averageMs: number;
  readonly p99Ms: number;
  /** Connections established so far. */
  readonly connects: number;
  readonly failedAttempts: number;
  readonly requests: number;
  readonly timeouts: number;
  readonly overloads: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

export class PeerLink implements ChannelOwner, DialerOwner {
  /** Who is expected; undefined: whoever lives at the address. */
  readonly id: PeerId | undefined;
  readonly roundTrips = new RoundTrips();
  readonly #parts: LinkParts;
  readonly #dialer: PeerDialer;
  readonly #calls = new CallTable<ReplyReceiver>();
  readonly #writer = new FrameWriter();
  #channel: FrameChannel | undefined;
  /** Why requests are refused; undefined while they are not. */
  #unreachable: StoreError | undefined;
  #nowMs = 0;
  /** Requests in the writer that nobody waits for any more. */
  #withdrawnCount = 0;
  #pingedMs = 0;
  #pings = 0;
  #requests = 0;
  #timeouts = 0;
  #overloads = 0;
  /** Over connections that are no more. */
  #receivedBytes = 0;
  #sentBytes = 0;

  /** Does nothing until its first request, and then needs `onTick` about every 40 ms. */
  constructor(id: PeerId | undefined, parts: LinkParts) {
    this.id = id;
    this.#parts = parts;
    this.#dialer = new PeerDialer(id, parts, this);
  }

  get state(): LinkState {
    return this.#dialer.state;
  }

  /** Who is at the other end, or was last; undefined before the first connection. */
  get peer(): PeerIdentity | undefined {
    return this.#dialer.peer;
  }

  /** Of the protocol, over the last connection; undefined before the first one. What the peer cannot read is not to be sent. */
  get version(): number | undefined {
    return this.#dialer.version;
  }

  /** True while a connection stands, and while the very first one is being made. */
  get isReachable(): boolean {
    const { state, connects, failedAttempts } = this.#dialer;
    return state === "connected" || (state !== "closed" && connects === 0 && failedAttempts === 0);
  }

  /** True if this node itself was found at the address. */
  get isItself(): boolean {
    return this.#dialer.isItself;
  }

  get address(): PeerAddress | undefined {
    return this.#dialer.address;
  }

  /** Where to find the peer from now on. A connection that stands is kept. */
  setAddress(address: PeerAddress): void {
    if (this.#dialer.setAddress(address)) this.#unreachable = undefined;
  }

  /** Connects without waiting for a request. */
  open(): void {
    this.#dialer.dial();
  }

  /**
   * Sends a request, whose payload `write` puts down at once, or that is a range. `receiver` is told how it ended, within `timeoutMs` and
   * some more; never before this returns. Returns the refusal (not applied) if it is not sent: nobody is told then.
   */
  request(
    method: number,
    write: ((payload: PayloadWriter) => void) | ByteRange,
    receiver: ReplyReceiver,
    timeoutMs: number,
  ): StoreError | undefined {
    const refusal = this.#refusal();
    if (refusal !== undefined) return refusal;
    const nowMs = this.#turnMs();
    const id = this.#calls.add(receiver, nowMs, nowMs + timeoutMs, method);
    const problem = this.#write(FRAME_KIND.request, method, id, write);
    if (problem !== undefined) return problem;
    this.#requests++;
    return undefined;
  }

  /** As `request`, for those who can afford a promise. Resolves to the answer, as the caller's own. */
  call(
    method: number,
    payload: Uint8Array,
    { timeoutMs }: { readonly timeoutMs: number },
  ): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const receiver: ReplyReceiver = {
        onReply: (_, { bytes, start, end }) => resolve(bytes.slice(start, end)),
        onFailure: (_, failure) => reject(failure),
      };
      const refusal = this.request(method, (writer) => writer.bytes(payload), receiver, timeoutMs);
      if (refusal !== undefined) reject(refusal);
    });
  }

  /** Sends what needs no answer, and may be lost on the way. The refusal if it surely does not get out. */
  send(method: number, write: (payload: PayloadWriter) => void): StoreError | undefined {
    return this.#refusal() ?? this.#write(FRAME_KIND.message, method, NO_REQUEST, write);
  }

  /** How long the oldest request has had no answer; 0 if there is none. */
  oldestAgeMs(): number {
    const startedMs = this.#calls.oldestStartedMs;
    return startedMs === undefined ? 0 : this.#parts.runtime.clock.monotonicMs() - startedMs;
  }

  /** As `oldestAgeMs`, of requests of these methods. */
  oldestAgeMsOf(methods: ReadonlySet<number>): number {
    const startedMs = this.#calls.oldestStartedMsOf(methods);
    return startedMs === undefined ? 0 : this.#parts.runtime.clock.monotonicMs() - startedMs;
  }

  /** When the connection that stands last brought anything; undefined if there is none. */
  get receivedMs(): number | undefined {
    return this.#channel?.receivedMs;
  }

  get inFlight(): number {
    return this.#calls.count;
  }

  get queuedBytes(): number {
    return this.#channel?.queuedBytes ?? this.#writer.length;
  }

  statistics(): LinkStatistics {
    return {
      state: this.state,
      inFlight: this.inFlight,
      queuedBytes: this.queuedBytes,
      oldestAgeMs: this.oldestAgeMs(),
      averageMs: this.roundTrips.averageMs,
      p99Ms: this.roundTrips.p99Ms,
      connects: this.#dialer.connects,
      failedAttempts: this.#dialer.failedAttempts,
      requests: this.#requests,
      timeouts: this.#timeouts,
      overloads: this.#overloads,
      receivedBytes: this.#receivedBytes + (this.#channel?.receivedBytes ?? 0),
      sentBytes: this.#sentBytes + (this.#channel?.sentBytes ?? 0),
    };
  }

  /** Ends what is too old; begins what is due. */
  onTick(nowMs: number): void {
    this.#expire(nowMs);
    if (this.#channel !== undefined) this.#watch(this.#channel, nowMs);
    else this.#dialer.onTick(nowMs);
  }

  /** Sends what is written, fails all requests and ends the connection, for good. */
  close(): void {
    if (this.state === "closed") return;
    this.#channel?.flush();
    this.#channel?.end();
    this.#forgetChannel();
    this.#dialer.close();
    this.#failAll((isSent) => {
      const outcome = isSent ? "unknown" : "not-applied";
      return new StoreError("CLOSED", outcome, `the link to ${this.#name()} was closed`);
    });
  }

  onEstablished(channel: FrameChannel): void {
    this.#channel = channel;
    this.#unreachable = undefined;
    this.#pingedMs = channel.nowMs;
    const { payloadBytesMax } = this.#parts.settings;
    channel.open({ owner: this, writer: this.#writer, payloadBytesMax });
  }

  onUnreachable(reason: string): void {
    const failure = lossError(false, `cannot reach ${this.#name()}`, "EHOSTUNREACH", reason);
    this.#unreachable = failure;
    this.#failAll(() => failure);
  }

  onFrame(decoder: FrameDecoder): void {
    const { kind } = decoder;
    if (kind === FRAME_KIND.response) this.#onResponse(decoder);
    else if (kind === FRAME_KIND.error) this.#onError(decoder);
    else if (kind === FRAME_KIND.ping) this.#channel!.answerPing(decoder.requestId);
    else if (kind === FRAME_KIND.pong) this.#onPong(decoder);
    else this.#channel!.fail(new Error(`a frame of kind ${kind} does not belong here`));
  }

  onSend(): void {
    if (this.#withdrawnCount > 0) {
      this.#withdrawnCount = 0;
      this.#writer.filter((kind, id) => kind !== FRAME_KIND.request || this.#calls.has(id));
    }
    this.#calls.markSent();
  }

  onDrained(): void {
    // Whatever waited has been sent.
  }

  onLost(cause: Error | undefined): void {
    const reason = cause?.message ?? "it closed the connection";
    this.#forgetChannel();
    this.#dialer.redial(this.#parts.runtime.clock.monotonicMs());
    this.#parts.logger.info({ peer: this.#dialer.peer?.id, address: this.address, reason }, "lost peer");
    const attempt = `the connection to ${this.#name()} was lost`;
    this.#failAll((isSent) => lossError(isSent, attempt, "ECONNRESET", reason));
  }

  #refusal(): StoreError | undefined {
    const { state } = this.#dialer;
    if (state === "idle") this.#dialer.dial();
    if (state === "closed") {
      return new StoreError("CLOSED", "not-applied", `the link to ${this.#name()} is closed`);
    }
    if (this.#unreachable !== undefined) return this.#unreachable;
    const { inFlightMax, queueBytesMax } = this.#parts.settings;
    if (this.#calls.count < inFlightMax && this.queuedBytes < queueBytesMax) return undefined;
    this.#overloads++;
    return new StoreError("OVERLOADED", "not-applied", `too much waits for ${this.#name()}`);
  }

  #write(
    kind: typeof FRAME_KIND.request | typeof FRAME_KIND.message,
    method: number,
    id: number,
    write: ((payload: PayloadWriter) => void) | ByteRange,
  ): StoreError | undefined {
    const writer = this.#writer;
    let isWhole = false;
    try {
      writer.begin(kind, method, id);
      if (typeof write === "function") write(writer);
      else writer.range(write.bytes, write.start, write.end);
      isWhole = writer.payloadBytes <= this.#parts.settings.payloadBytesMax;
      if (isWhole) writer.end();
    } finally {
      if (!isWhole) {
        writer.cancel();
        this.#calls.take(id);
      }
    }
    if (!isWhole)
      return new StoreError("INVALID_REQUEST", "not-applied", "the request is too long for a peer");
    this.#channel?.touch();
    return undefined;
  }

  /** The time, read once for all requests that leave together. */
  #turnMs(): number {
    if (this.#channel?.isDue !== true) this.#nowMs = this.#parts.runtime.clock.monotonicMs();
    return this.#nowMs;
  }

  #forgetChannel(): void {
    this.#receivedBytes += this.#channel?.receivedBytes ?? 0;
    this.#sentBytes += this.#channel?.sentBytes ?? 0;
    this.#channel = undefined;
  }

  #failAll(failureOf: (isSent: boolean) => StoreError): void {
    this.#writer.abandon();
    this.#withdrawnCount = 0;
    for (const { receiver, isSent } of this.#calls.drain()) receiver.onFailure(this, failureOf(isSent));
  }

  #expire(nowMs: number): void {
    for (const id of this.#calls.expire(nowMs)) {
      const receiver = this.#calls.take(id);
      if (receiver === undefined) continue; // by one told before it
      const isSent = this.#calls.takenIsSent;
      const tookMs = nowMs - this.#calls.takenStartedMs;
      this.#timeouts++;
      if (isSent) this.roundTrips.record(tookMs);
      else this.#withdrawnCount++;
      const reason = isSent ? `no answer in ${Math.round(tookMs)} ms` : "it could not be sent in time";
      receiver.onFailure(this, lossError(isSent, `a request to ${this.#name()} failed`, "ETIMEDOUT", reason));
    }
  }

  #watch(channel: FrameChannel, nowMs: number): void {
    const { idlePingMs, silentMs } = this.#parts.settings;
    this.roundTrips.onTick(nowMs);
    if (channel.isSilent(nowMs, silentMs)) {
      channel.fail(new Error(`nothing was heard of it for ${silentMs} ms`));
    } else if (nowMs - Math.max(channel.receivedMs, this.#pingedMs) >= idlePingMs) {
      this.#pingedMs = nowMs;
      channel.ping(++this.#pings >>> 0);
    }
  }

  #onResponse({ requestId, payload }: FrameDecoder): void {
    const receiver = this.#calls.take(requestId);
    if (receiver === undefined) return; // too late
    this.roundTrips.record(this.#channel!.nowMs - this.#calls.takenStartedMs);
    receiver.onReply(this, payload);
  }

  #onError({ requestId, payload }: FrameDecoder): void {
    if (requestId === NO_REQUEST) {
      const { message } = readFailure(payload, this.#name());
      this.#parts.logger.warn({ peer: this.id, reason: message }, "a peer does not take a message");
      return;
    }
    const receiver = this.#calls.take(requestId);
    receiver?.onFailure(this, readFailure(payload, this.#name()));
  }

  #onPong({ requestId }: FrameDecoder): void {
    if (requestId === this.#pings >>> 0) this.roundTrips.record(this.#channel!.nowMs - this.#pingedMs);
  }

  #name(): string {
    const id = this.id ?? this.#dialer.peer?.id;
    if (id !== undefined) return `node ${id}`;
    const { address } = this;
    return address === undefined ? "nobody" : `${address.host}:${address.port}`;
  }
}
