/**
 * Makes the connection to one other node, and makes it again: one attempt at a time, with growing random pauses.
 *
 *            dial                             welcome
 *   idle ------------> connecting -> greeting -------> connected
 *                          ^  | failed   | refused         | lost
 *                          |  v          v                 |
 *                         waiting <------------------------+
 */
import type { Logger } from "../base/logger.ts";
import type { Connection, Runtime } from "../runtime/runtime.ts";
import { BackOff } from "./back-off.ts";
import { FRAME_KIND } from "./frame.ts";
import { type ChannelOwner, FrameChannel } from "./frame-channel.ts";
import type { FrameDecoder } from "./frame-decoder.ts";
import { type Established, type HandshakeResult, InitiatorHandshake } from "./handshake.ts";
import type { PeerAddress, PeerId, PeerIdentity } from "./peer-identity.ts";
import type { PeerSettings } from "./peer-settings.ts";

export type LinkState = "idle" | "connecting" | "greeting" | "connected" | "waiting" | "closed";

export interface LinkParts {
  readonly runtime: Pick<Runtime, "clock" | "network" | "random">;
  readonly logger: Logger;
  readonly settings: PeerSettings;
}

export interface DialerOwner {
  /** The channel is the owner's, to be opened at once. */
  onEstablished(channel: FrameChannel): void;
  onUnreachable(reason: string): void;
}

/** A connection that lasted so long was a good one: the next loss begins with short pauses again. */
const STEADY_MS = 10_000;

export class PeerDialer implements ChannelOwner {
  state: LinkState = "idle";
  address: PeerAddress | undefined;
  /** Who is at the other end, or was last. */
  peer: PeerIdentity | undefined;
  /** Of the protocol, as agreed on last. */
  version: number | undefined;
  /** Connections established so far. */
  connects = 0;
  failedAttempts = 0;
  /** True if this node itself was found at the address. */
  isItself = false;
  readonly #wanted: PeerId | undefined;
  readonly #parts: LinkParts;
  readonly #owner: DialerOwner;
  readonly #backOff: BackOff;
  #channel: FrameChannel | undefined;
  #handshake: InitiatorHandshake | undefined;
  /** Attempts begun; one that was given up finds another number here. */
  #attempt = 0;
  /** When waiting ends, or patience with a greeting. */
  #untilMs = 0;
  #connectedMs = 0;
  #lastReason = "";

  constructor(wanted: PeerId | undefined, parts: LinkParts, owner: DialerOwner) {
    this.#wanted = wanted;
    this.#parts = parts;
    this.#owner = owner;
    const { backOffMs, backOffMaxMs } = parts.settings;
    this.#backOff = new BackOff(parts.runtime.random, { baseMs: backOffMs, maxMs: backOffMaxMs });
  }

  /**
   * Where to look from now on; false if that is no news. An attempt under way begins anew; a connection that stands
   * is kept.
   */
  setAddress(address: PeerAddress): boolean {
    const before = this.address;
    if (before?.host === address.host && before.port === address.port) return false;
    this.address = address;
    this.isItself = false;
    if (this.state === "idle" || this.state === "connected" || this.state === "closed") return true;
    this.#backOff.reset();
    this.#abandonGreeting();
    this.#connect();
    return true;
  }

  /** Begins, if nothing has begun yet. */
  dial(): void {
    if (this.state === "idle") this.#connect();
  }

  onTick(nowMs: number): void {
    if (this.state !== "waiting" && this.state !== "greeting") return;
    if (nowMs < this.#untilMs) return;
    if (this.state === "waiting") this.#connect();
    else this.#channel!.fail(new Error(`no handshake in ${this.#parts.settings.handshakeTimeoutMs} ms`));
  }

  /** The established connection is no more. */
  redial(nowMs: number): void {
    if (nowMs - this.#connectedMs >= STEADY_MS) this.#backOff.reset();
    this.#wait(nowMs);
  }

  close(): void {
    this.#abandonGreeting();
    this.state = "closed";
  }

  onFrame({ kind, method, payload: { bytes, start, end } }: FrameDecoder): void {
    const channel = this.#channel!;
    if (kind !== FRAME_KIND.handshake) {
      channel.fail(new Error("it does not begin with a handshake"));
      return;
    }
    let result: HandshakeResult;
    try {
      result = this.#handshake!.onMessage(method, bytes.subarray(start, end));
    } catch (cause) {
      channel.fail(cause as Error);
      return;
    }
    const message = result.kind === "send" ? result : result.send;
    if (message !== undefined) channel.sendAlone(FRAME_KIND.handshake, message.step, message.payload);
    if (result.kind === "done") this.#onDone(result.established);
    if (result.kind !== "refused") return;
    channel.end();
    this.isItself = result.reason === "itself";
    this.#onFailure(`refused (${result.reason}): ${result.text}`);
  }

  onSend(): void {
    // Greetings do not go through the writer.
  }

  onDrained(): void {
    // Nothing waits for it.
  }

  onLost(cause: Error | undefined): void {
    this.#onFailure(cause?.message ?? "it closed the connection");
  }

  #connect(): void {
    const { runtime, settings } = this.#parts;
    const attempt = ++this.#attempt;
    const { address } = this;
    this.state = "connecting";
    if (address === undefined) {
      this.#onFailure("nobody knows its address");
      return;
    }
    runtime.network.connect({ ...address, timeoutMs: settings.connectTimeoutMs }).then(
      (connection) => {
        if (attempt === this.#attempt && this.state === "connecting") this.#greet(connection);
        else connection.destroy();
      },
      (cause: unknown) => {
        if (attempt !== this.#attempt || this.state !== "connecting") return;
        this.#onFailure(cause instanceof Error ? cause.message : String(cause));
      },
    );
  }

  #greet(connection: Connection): void {
    const { runtime, settings } = this.#parts;
    const channel = new FrameChannel(connection, runtime.clock, this);
    this.state = "greeting";
    this.#channel = channel;
    this.#untilMs = channel.nowMs + settings.handshakeTimeoutMs;
    this.#handshake = new InitiatorHandshake(settings, runtime.random, this.#wanted);
    const { step, payload } = this.#handshake.begin();
    channel.start();
    channel.sendAlone(FRAME_KIND.handshake, step, payload);
  }

  #onDone({ peer, version }: Established): void {
    const channel = this.#channel!;
    this.state = "connected";
    this.peer = peer;
    this.version = version;
    this.connects++;
    this.#connectedMs = channel.nowMs;
    this.#lastReason = "";
    this.#channel = undefined;
    this.#handshake = undefined;
    this.#parts.logger.info({ peer: peer.id, address: this.address }, "connected to peer");
    this.#owner.onEstablished(channel);
  }

  #onFailure(reason: string): void {
    this.#channel = undefined;
    this.#handshake = undefined;
    this.failedAttempts++;
    this.#wait(this.#parts.runtime.clock.monotonicMs());
    // What goes on for hours is told once; and a list of all nodes' addresses has a node's own in it.
    const level = reason === this.#lastReason ? "debug" : this.isItself ? "info" : "warn";
    this.#lastReason = reason;
    this.#parts.logger[level]({ peer: this.#wanted, address: this.address, reason }, "cannot reach peer");
    this.#owner.onUnreachable(reason);
  }

  #wait(nowMs: number): void {
    this.state = "waiting";
    this.#untilMs = nowMs + this.#backOff.delayMs();
    this.#backOff.noteFailure();
  }

  #abandonGreeting(): void {
    this.#channel?.drop();
    this.#channel = undefined;
    this.#handshake = undefined;
  }
}
