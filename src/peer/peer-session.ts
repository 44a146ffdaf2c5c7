/**
 * One connection that another node has made to this one: first it proves who it is, then its requests are answered.
 * Answers of one turn leave together. A peer that does not take its answers gets refusals instead, and then is read
 * no more until it has taken what there is.
 *
 * Hot: once per request, allocating nothing where the handler answers at once; watched by `bench -- peer`.
 */
import { AssertionError } from "../base/assert.ts";
import type { ByteRange } from "../base/bytes.ts";
import { StoreError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { Connection, Runtime } from "../runtime/runtime.ts";
import { FRAME_KIND, NO_REQUEST } from "./frame.ts";
import { type ChannelOwner, FrameChannel } from "./frame-channel.ts";
import type { FrameDecoder } from "./frame-decoder.ts";
import { FrameWriter, type PayloadWriter } from "./frame-writer.ts";
import { type Established, type HandshakeResult, ResponderHandshake, TELLING_VERSION } from "./handshake.ts";
import { writeFailure } from "./peer-failure.ts";
import type { PeerId, PeerIdentity } from "./peer-identity.ts";
import type { PeerSettings } from "./peer-settings.ts";

/** What a node does for others. `payload` is the network's: copy what is to outlive the call, or its first await. */
export interface PeerHandler {
  /**
   * Answers with what it writes into `reply` if it returns nothing, else with what it returns; what it wrote is
   * forgotten then, and `reply` is of no use after the call. Throws or rejects with StoreError, which the caller gets.
   */
  onRequest(
    from: PeerId,
    method: number,
    payload: ByteRange,
    reply: PayloadWriter,
    // biome-ignore lint/suspicious/noConfusingVoidType: a handler that wrote its answer need not return anything.
  ): void | Uint8Array | Promise<Uint8Array>;
  /** What needs no answer. Throws StoreError if nobody takes it, which the sender gets if it understands that. */
  onMessage(from: PeerId, method: number, payload: ByteRange): void;
}

export interface SessionParts {
  readonly runtime: Pick<Runtime, "clock" | "random">;
  readonly handler: PeerHandler;
  readonly logger: Logger;
  readonly settings: PeerSettings;
}

export interface SessionOwner {
  onAuthenticated(session: PeerSession): void;
  /** It is over. */
  onGone(session: PeerSession): void;
}

/** Times `queueBytesMax`: from here on a peer is not read, or has its connection ended. */
const UNREAD_FACTOR = 2;
const HOPELESS_FACTOR = 4;
/** Methods that are remembered as untaken. */
const UNTAKEN_MAX = 64;

export class PeerSession implements ChannelOwner {
  /** Undefined until it has proved who it is. */
  peer: PeerIdentity | undefined;
  readonly createdMs: number;
  readonly #parts: SessionParts;
  readonly #owner: SessionOwner;
  readonly #channel: FrameChannel;
  readonly #writer = new FrameWriter();
  readonly #handshake: ResponderHandshake;
  /** Methods of messages that nobody took: each is told of once. */
  readonly #untaken = new Set<number>();
  #version = 0;
  #runningCount = 0;
  #isUnread = false;
  #isClosing = false;

  constructor(connection: Connection, parts: SessionParts, owner: SessionOwner) {
    this.#parts = parts;
    this.#owner = owner;
    this.#channel = new FrameChannel(connection, parts.runtime.clock, this);
    this.#handshake = new ResponderHandshake(parts.settings, parts.runtime.random);
    this.createdMs = this.#channel.nowMs;
  }

  start(): void {
    this.#channel.start();
  }

  get runningCount(): number {
    return this.#runningCount;
  }

  get queuedBytes(): number {
    return this.#channel.queuedBytes;
  }

  onTick(nowMs: number): void {
    const { handshakeTimeoutMs, silentMs } = this.#parts.settings;
    if (this.peer === undefined) {
      const isLate = nowMs - this.createdMs > handshakeTimeoutMs;
      if (isLate) this.#channel.fail(new Error(`it did not say who it is in ${handshakeTimeoutMs} ms`));
    } else if (this.#channel.isSilent(nowMs, silentMs)) {
      this.#channel.fail(new Error(`nothing was heard of it for ${silentMs} ms`));
    }
  }

  /** Takes no more requests, answers those that run, and ends the connection. */
  close(): void {
    this.#isClosing = true;
    this.#endIfDone();
  }

  /** Ends the connection at once. */
  drop(reason: string): void {
    this.#channel.fail(new Error(reason));
  }

  onFrame(decoder: FrameDecoder): void {
    const { kind } = decoder;
    if (this.peer === undefined) this.#onGreeting(decoder);
    else if (kind === FRAME_KIND.request) this.#onRequest(this.peer.id, decoder);
    else if (kind === FRAME_KIND.message) this.#onMessage(this.peer.id, decoder);
    else if (kind === FRAME_KIND.ping) this.#channel.answerPing(decoder.requestId);
    else this.#channel.fail(new Error(`a frame of kind ${kind} does not belong here`));
  }

  onSend(): void {
    // Nothing is to be noted.
  }

  onDrained(): void {
    if (this.#isUnread && this.queuedBytes < this.#parts.settings.queueBytesMax) {
      this.#isUnread = false;
      this.#channel.connection.resume();
    }
    this.#endIfDone();
  }

  onLost(cause: Error | undefined): void {
    this.#onGone(cause?.message ?? "it closed the connection", false);
  }

  /** Of itself the one who connected tells: all are given the same list of addresses. */
  #onGone(reason: string, isItself: boolean): void {
    const { logger } = this.#parts;
    const about = { peer: this.peer?.id, from: this.#channel.connection.peer, reason };
    if (this.peer !== undefined) logger.info(about, "peer has gone");
    else logger[isItself ? "debug" : "warn"](about, "refused a connection");
    this.#owner.onGone(this);
  }

  #onGreeting({ kind, method, payload: { bytes, start, end } }: FrameDecoder): void {
    const channel = this.#channel;
    if (kind !== FRAME_KIND.handshake) {
      channel.fail(new Error("it does not begin with a handshake"));
      return;
    }
    let result: HandshakeResult;
    try {
      result = this.#handshake.onMessage(method, bytes.subarray(start, end));
    } catch (cause) {
      channel.fail(cause as Error);
      return;
    }
    const message = result.kind === "send" ? result : result.send;
    if (message !== undefined) channel.sendAlone(FRAME_KIND.handshake, message.step, message.payload);
    if (result.kind === "done") this.#onAuthenticated(result.established);
    if (result.kind !== "refused") return;
    channel.end(); // so that the refusal arrives
    this.#onGone(`${result.reason}: ${result.text}`, result.reason === "itself");
  }

  #onAuthenticated({ peer, version }: Established): void {
    this.peer = peer;
    this.#version = version;
    const { payloadBytesMax } = this.#parts.settings;
    this.#channel.open({ owner: this, writer: this.#writer, payloadBytesMax });
    this.#parts.logger.info({ peer: peer.id, from: this.#channel.connection.peer }, "peer has come");
    this.#owner.onAuthenticated(this);
  }

  #onRequest(from: PeerId, { method, requestId, payload }: FrameDecoder): void {
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      this.#answerFailure(requestId, refusal);
      return;
    }
    const writer = this.#writer;
    writer.begin(FRAME_KIND.response, 0, requestId);
    let answer: ReturnType<PeerHandler["onRequest"]>;
    let isAnswered = false;
    try {
      answer = this.#parts.handler.onRequest(from, method, payload, writer);
      isAnswered = answer === undefined && writer.payloadBytes <= this.#parts.settings.payloadBytesMax;
    } catch (cause) {
      writer.cancel();
      this.#fail(requestId, cause);
      return;
    }
    if (isAnswered) {
      writer.end();
      this.#channel.touch();
      return;
    }
    writer.cancel();
    if (answer instanceof Promise) this.#answerLater(requestId, answer);
    else if (answer !== undefined) this.#answer(requestId, answer);
    else this.#answerFailure(requestId, tooLong());
  }

  #onMessage(from: PeerId, { method, payload }: FrameDecoder): void {
    try {
      this.#parts.handler.onMessage(from, method, payload);
    } catch (cause) {
      if (cause instanceof StoreError) this.#refuseMessage(from, method, cause);
      else if (cause instanceof AssertionError) throw cause;
      else this.#parts.logger.error({ cause, method, peer: from }, "a message from a peer failed");
    }
  }

  /** Once of each method: who sends it may do so many times a second. */
  #refuseMessage(from: PeerId, method: number, refusal: StoreError): void {
    if (this.#untaken.size >= UNTAKEN_MAX || this.#untaken.has(method)) return;
    this.#untaken.add(method);
    this.#parts.logger.warn(
      { method, peer: from, reason: refusal.message },
      "a message from a peer is not taken",
    );
    if (this.#version >= TELLING_VERSION) this.#answerFailure(NO_REQUEST, refusal);
  }

  #refusal(): StoreError | undefined {
    const { queueBytesMax, runningMax } = this.#parts.settings;
    if (this.#isClosing) return new StoreError("CLOSED", "not-applied", "the node is closing");
    if (this.queuedBytes >= queueBytesMax) {
      if (this.queuedBytes >= UNREAD_FACTOR * queueBytesMax) this.#stopReading();
      return new StoreError("OVERLOADED", "not-applied", "earlier answers have not been taken");
    }
    if (this.#runningCount < runningMax) return undefined;
    return new StoreError("OVERLOADED", "not-applied", `${runningMax} requests run already`);
  }

  #stopReading(): void {
    if (this.#isUnread) return;
    this.#isUnread = true;
    this.#channel.connection.pause();
  }

  #answerLater(requestId: number, promised: Promise<Uint8Array>): void {
    this.#runningCount++;
    promised
      .then(
        (payload) => this.#answer(requestId, payload),
        (cause: unknown) => this.#fail(requestId, cause),
      )
      .finally(() => {
        this.#runningCount--;
        this.#endIfDone();
      });
  }

  #answer(requestId: number, payload: Uint8Array): void {
    if (this.#channel.isOver) return;
    if (payload.length > this.#parts.settings.payloadBytesMax) {
      this.#answerFailure(requestId, tooLong());
      return;
    }
    const writer = this.#writer;
    writer.begin(FRAME_KIND.response, 0, requestId);
    writer.bytes(payload);
    writer.end();
    this.#sent();
  }

  #fail(requestId: number, cause: unknown): void {
    if (cause instanceof StoreError) {
      this.#answerFailure(requestId, cause);
      return;
    }
    if (cause instanceof AssertionError) throw cause;
    this.#parts.logger.error({ cause, peer: this.peer?.id }, "a request of a peer failed");
    this.#answerFailure(requestId, new StoreError("IO", "unknown", "the peer failed to carry it out"));
  }

  #answerFailure(requestId: number, failure: StoreError): void {
    if (this.#channel.isOver) return;
    const writer = this.#writer;
    writer.begin(FRAME_KIND.error, 0, requestId);
    writeFailure(failure, writer);
    writer.end();
    this.#sent();
  }

  #sent(): void {
    const { queueBytesMax, payloadBytesMax } = this.#parts.settings;
    this.#channel.touch();
    if (this.queuedBytes < HOPELESS_FACTOR * queueBytesMax + payloadBytesMax) return;
    this.drop("it does not take its answers");
  }

  #endIfDone(): void {
    if (!this.#isClosing || this.#runningCount > 0 || this.#channel.isOver) return;
    this.#channel.flush();
    if (this.#writer.length > 0) return; // until it is drained
    this.#channel.end();
    this.#owner.onGone(this);
  }
}

function tooLong(): StoreError {
  return new StoreError("INVALID_REQUEST", "unknown", "the answer is too long for a peer");
}
