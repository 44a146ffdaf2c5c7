/**
 * Frames over one connection, both ways. What is written in one turn of the event loop leaves together, when the turn
 * is over or when it has become much. While the other end takes nothing, frames stay in the writer.
 *
 * Invariant: `onLost` is the last thing the owner hears, once, unless the owner ended the channel itself.
 * Hot: `touch` once per frame, allocating nothing; watched by `bench -- peer`.
 */
import type { Clock, Connection, ConnectionEvents } from "../runtime/runtime.ts";
import { FRAME_KIND, type FrameKind } from "./frame.ts";
import { FrameDecoder } from "./frame-decoder.ts";
import { FrameWriter } from "./frame-writer.ts";
import { HANDSHAKE_BYTES_MAX } from "./handshake-message.ts";

/** Beyond it frames are sent although the turn goes on. */
const GATHERED_BYTES_MAX = 256 * 1024;

export interface ChannelOwner {
  /** One more frame: the decoder's fields tell which, until it returns. */
  onFrame(decoder: FrameDecoder): void;
  /** What is in the writer leaves now. */
  onSend(): void;
  /** Everything has left that was sent. */
  onDrained(): void;
  /** The connection is no more. */
  onLost(cause: Error | undefined): void;
}

interface OpenOptions {
  /** Who hears of everything from now on. */
  readonly owner: ChannelOwner;
  readonly writer: FrameWriter;
  /** Frames were short until now. */
  readonly payloadBytesMax: number;
}

/** Until a channel is open nothing is written there. */
const NOBODYS = new FrameWriter();

export class FrameChannel implements ConnectionEvents {
  readonly connection: Connection;
  readonly decoder = new FrameDecoder(HANDSHAKE_BYTES_MAX);
  /** Of the present turn, as far as it was looked at. */
  nowMs: number;
  receivedMs: number;
  receivedBytes = 0;
  sentBytes = 0;
  readonly #clock: Pick<Clock, "defer" | "monotonicMs">;
  #owner: ChannelOwner;
  #writer = NOBODYS;
  #isDue = false;
  #isBlocked = false;
  #isOver = false;
  /** When the other end last did anything: sent, or took what it was sent. */
  #aliveMs: number;
  #lookedMs: number;
  #unsentBytes = 0;
  readonly #whenDue = (): void => {
    this.#isDue = false;
    this.flush();
  };

  constructor(connection: Connection, clock: Pick<Clock, "defer" | "monotonicMs">, owner: ChannelOwner) {
    this.connection = connection;
    this.#clock = clock;
    this.#owner = owner;
    this.nowMs = this.receivedMs = this.#aliveMs = this.#lookedMs = clock.monotonicMs();
  }

  /** True between the first frame of a turn and its end. */
  get isDue(): boolean {
    return this.#isDue;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get queuedBytes(): number {
    return this.#writer.length + this.connection.unsentBytes;
  }

  start(): void {
    this.connection.start(this);
  }

  /** The other end is who it should be: what is in `writer` leaves, now and at the end of turns. */
  open({ owner, writer, payloadBytesMax }: OpenOptions): void {
    this.#owner = owner;
    this.#writer = writer;
    this.decoder.payloadBytesMax = payloadBytesMax;
    this.flush();
  }

  /** Sends one frame past the writer: for handshakes. */
  sendAlone(kind: FrameKind, method: number, payload: Uint8Array): void {
    const alone = new FrameWriter();
    alone.begin(kind, method, 0);
    alone.bytes(payload);
    alone.end();
    this.#write(alone.view());
  }

  ping(number: number): void {
    this.#writer.begin(FRAME_KIND.ping, 0, number);
    this.#writer.end();
    this.touch();
  }

  answerPing(number: number): void {
    this.#writer.begin(FRAME_KIND.pong, 0, number);
    this.#writer.end();
    this.touch();
  }

  /** Something was written. */
  touch(): void {
    if (this.#writer.length > GATHERED_BYTES_MAX) {
      this.flush();
    } else if (!this.#isDue && !this.#isBlocked) {
      this.#isDue = true;
      this.#clock.defer(this.#whenDue);
    }
  }

  flush(): void {
    if (this.#isBlocked || this.#isOver || this.#writer.length === 0) return;
    this.#owner.onSend();
    const frames = this.#writer.view();
    if (frames.length === 0) return;
    if (this.#write(frames)) this.#writer.reset();
    else this.#writer.abandon();
  }

  /** True if the other end has done nothing for so long. Call it a few times in that span at least. */
  isSilent(nowMs: number, silentMs: number): boolean {
    const { unsentBytes } = this.connection;
    // Who stood still itself, stopped or without processor, cannot say that others were silent.
    const stoodStill = nowMs - this.#lookedMs > silentMs / 2;
    if (stoodStill || unsentBytes < this.#unsentBytes) this.#aliveMs = nowMs;
    this.#unsentBytes = unsentBytes;
    this.#lookedMs = nowMs;
    return nowMs - this.#aliveMs > silentMs;
  }

  /** Ends the connection at once and tells the owner. */
  fail(cause: Error | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.decoder.clear();
    this.connection.destroy();
    this.#owner.onLost(cause);
  }

  /** Ends the connection at once, and says nothing. */
  drop(): void {
    this.#isOver = true;
    this.decoder.clear();
    this.connection.destroy();
  }

  /** Ends the connection once what was sent has left; the owner hears nothing more. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.decoder.clear();
    this.connection.end();
  }

  onBytes(bytes: Uint8Array, length: number): void {
    if (this.#isOver) return;
    this.nowMs = this.receivedMs = this.#aliveMs = this.#clock.monotonicMs();
    this.receivedBytes += length;
    const { decoder } = this;
    decoder.feed(bytes, length);
    while (this.#findFrame()) {
      this.#owner.onFrame(decoder);
      if (this.#isOver) return;
    }
    if (!this.#isOver) decoder.park();
  }

  onDrain(): void {
    this.#aliveMs = this.#clock.monotonicMs();
    this.#isBlocked = false;
    this.flush();
    if (!this.#isBlocked && !this.#isOver) this.#owner.onDrained();
  }

  onEnd(): void {
    this.fail(undefined);
  }

  onClose(cause: Error | undefined): void {
    this.fail(cause);
  }

  #findFrame(): boolean {
    try {
      return this.decoder.next();
    } catch (cause) {
      this.fail(cause instanceof Error ? cause : undefined);
      return false;
    }
  }

  #write(frames: Uint8Array): boolean {
    this.sentBytes += frames.length;
    if (this.connection.write(frames)) return true;
    this.#isBlocked = true;
    return false;
  }
}
