/**
 * One end of a simulated connection. Bytes travel as segments, each at its own time, but are taken in order: one
 * that is late holds up those behind it;
 * what has arrived is delivered in pieces cut at random, in the network's read buffer, which is scrubbed
 * after the call. A sender may have WINDOW_BYTES under way or unread; more waits in its outbox.
 *
 *   write -> outbox -> [window] -> other.#transit -> other.#inbox -> onBytes
 *
 * Invariant: `#outstandingBytes` = sent bytes that the other end has neither delivered nor dropped.
 */
import { assert } from "../base/assert.ts";
import { equalBytes } from "../base/bytes.ts";
import type { Cancel, Connection, ConnectionEvents } from "../runtime/runtime.ts";
import { ByteQueue } from "./byte-queue.ts";
import type { Life } from "./life.ts";
import type { SimLink } from "./sim-link.ts";
import type { Transmission } from "./sim-links.ts";
import type { SimRandom } from "./sim-random.ts";
import { systemError } from "./system-error.ts";

const WINDOW_BYTES = 256 * 1024;
const LINGER_MS = 2_000;
/** How long a reader may be busy otherwise, so that what arrives meanwhile is delivered together. */
const BUSY_MS_MAX = 0.3;
/** So often not all that has arrived is delivered at once. */
const CUT_ONE_IN = 6;
const SCRUBBED = 0xdb;

/** What an end asks of the network around it. */
export interface Surroundings {
  readonly life: Life;
  readonly random: SimRandom;
  /** Shared by all connections of the process. */
  readonly readBuffer: Uint8Array;
  /** To the other end's host. */
  readonly link: SimLink;
  transmit(what: Transmission): void;
  /** When something small that is sent now will arrive; undefined if it may get lost or stuck. */
  arrivalMs(): number | undefined;
  /** Of the system, which goes on while the process stands still. */
  plan(atMs: number, fire: () => void): void;
  /** True if a write shall not get out at once, though it could. */
  stalls(): boolean;
  /** Undefined if nobody listens. */
  readonly trace: ((what: string, bytes?: Uint8Array) => void) | undefined;
  /** The end is closed for good. */
  forget(): void;
}

interface Segment {
  readonly content: Uint8Array | "end";
  isHere: boolean;
}

/** So much will have been read at the other end, as this one hears then. */
interface Credit {
  readonly atMs: number;
  readonly length: number;
}

interface Lent {
  readonly bytes: Uint8Array;
  readonly copy: Uint8Array;
}

export class SimConnection implements Connection {
  readonly peer: string;
  readonly local: string;
  readonly #around: Surroundings;
  #other: SimConnection | undefined;
  #events: ConnectionEvents | undefined;
  #state: "open" | "torn" | "ending" | "closed" = "open";
  #isPaused = false;
  #cause: Error | undefined;

  #outbox: Lent[] = [];
  #outstandingBytes = 0;
  /** On their way here, in the order they were sent. */
  #credits: Credit[] = [];
  #hasSentEnd = false;
  /** What is under way is not sent again. */
  #hasGivenUp = false;
  #cancelLinger: Cancel | undefined;

  #transit: Segment[] = [];
  readonly #inbox = new ByteQueue();
  #endArrived = false;
  /** What it breaks with, once what has arrived is read. */
  #tornBy: string | undefined;
  #endTold = false;
  #deliveryPlanned = false;

  readonly #onDelivery = (): void => {
    this.#deliveryPlanned = false;
    if (this.#isDeliverable()) this.#deliver();
    this.#planDelivery();
  };

  constructor(addresses: { readonly local: string; readonly peer: string }, around: Surroundings) {
    this.local = addresses.local;
    this.peer = addresses.peer;
    this.#around = around;
  }

  static join(a: SimConnection, b: SimConnection): void {
    a.#other = b;
    b.#other = a;
  }

  get unsentBytes(): number {
    return this.#outbox.reduce((sum, { copy }) => sum + copy.length, 0);
  }

  start(events: ConnectionEvents): void {
    assert(this.#events === undefined, "start is called once");
    this.#events = events;
    if (this.#state === "closed") this.#tellClose();
    else this.#planDelivery();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#state !== "open" || !this.#around.life.isAlive) return true;
    const copy = bytes.slice();
    this.#takeCredits();
    if (this.#outbox.length === 0 && this.#outstandingBytes < WINDOW_BYTES && !this.#around.stalls()) {
      this.#send(copy);
      return true;
    }
    this.#outbox.push({ bytes, copy });
    if (this.#outstandingBytes < WINDOW_BYTES) this.#around.life.plan(0, () => this.#flush());
    else this.#awaitCredits();
    return false;
  }

  pause(): void {
    if (this.#state === "open" || this.#state === "torn") this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#planDelivery();
  }

  end(): void {
    if (this.#state === "torn") this.fail(this.#tornBy!);
    if (this.#state !== "open") return;
    this.#state = "ending";
    this.#isPaused = false;
    this.#credit(this.#inbox.clear());
    if (this.#outbox.length === 0) this.#sendEnd();
  }

  destroy(): void {
    if (this.#state === "closed") return;
    if (this.#inbox.length > 0) this.#reset();
    else if (!this.#hasSentEnd) this.#put("end");
    this.#close(undefined);
  }

  /** The connection breaks at this end, as by a signal from the network. */
  fail(code: string): void {
    if (this.#state === "closed") return;
    this.#hasGivenUp = true;
    this.#transit = [];
    this.#inbox.clear();
    this.#close(systemError(code));
  }

  /** As `fail`, anywhere in what was under way: its first bytes may still arrive. */
  tear(code: string): void {
    if (this.#state !== "open" || this.#events === undefined) {
      this.fail(code);
      return;
    }
    this.#hasGivenUp = true;
    this.#state = "torn";
    this.#outbox = [];
    this.#tornBy = code;
    const first = this.#transit[0]?.content;
    this.#transit = [];
    if (first instanceof Uint8Array)
      this.#inbox.push(first.subarray(0, this.#around.random.below(first.length)));
    this.#planDelivery();
  }

  /** The machine of this end is gone: the other end is told nothing. */
  vanish(): void {
    this.#hasGivenUp = true;
    this.#close(undefined);
  }

  #send(bytes: Uint8Array): void {
    this.#outstandingBytes += bytes.length;
    this.#put(bytes);
  }

  #sendEnd(): void {
    this.#hasSentEnd = true;
    this.#put("end");
    if (this.#endArrived) this.#close(undefined);
    else this.#cancelLinger = this.#around.life.after(LINGER_MS, () => this.#close(undefined));
  }

  #put(content: Uint8Array | "end"): void {
    const other = this.#other!;
    const segment = { content, isHere: false };
    other.#transit.push(segment);
    this.#around.transmit({
      link: this.#around.link,
      sizeBytes: content === "end" ? 0 : content.length,
      arrive: () => other.#arrive(segment),
      isRetried: () => !this.#hasGivenUp,
      giveUp: () => this.fail("ETIMEDOUT"),
    });
  }

  #reset(): void {
    const other = this.#other!;
    this.#around.transmit({ link: this.#around.link, arrive: () => other.fail("ECONNRESET") });
  }

  #arrive(segment: Segment): void {
    segment.isHere = true;
    while (this.#transit[0]?.isHere) this.#take(this.#transit.shift()!.content);
    this.#planDelivery();
  }

  #take(content: Uint8Array | "end"): void {
    if (this.#state === "closed") {
      if (content !== "end") this.#reset();
    } else if (content === "end") {
      this.#endArrived = true;
      if (this.#hasSentEnd) this.#close(undefined);
    } else if (this.#state === "ending") {
      this.#credit(content.length);
    } else {
      this.#inbox.push(content);
    }
  }

  #planDelivery(): void {
    if (this.#deliveryPlanned || !this.#isDeliverable()) return;
    this.#deliveryPlanned = true;
    const { random, life } = this.#around;
    const busyMs = random.oneIn(2) ? 0 : random.between(0, BUSY_MS_MAX);
    life.plan(busyMs, this.#onDelivery);
  }

  #isDeliverable(): boolean {
    if (this.#events === undefined || this.#isPaused) return false;
    if (this.#state === "torn") return true;
    return this.#state === "open" && (this.#inbox.length > 0 || (this.#endArrived && !this.#endTold));
  }

  #deliver(): void {
    if (this.#inbox.length === 0 && this.#tornBy !== undefined) {
      this.#close(systemError(this.#tornBy));
      return;
    }
    if (this.#inbox.length === 0) {
      this.#endTold = true;
      this.#around.trace?.(`${this.local} end from ${this.peer}`);
      this.#events!.onEnd();
      return;
    }
    const { readBuffer, random } = this.#around;
    const available = Math.min(this.#inbox.length, readBuffer.length);
    const length = random.oneIn(CUT_ONE_IN) ? 1 + random.below(available) : available;
    this.#inbox.take(length, readBuffer);
    this.#around.trace?.(`${this.local} bytes from ${this.peer}`, readBuffer.subarray(0, length));
    this.#credit(length);
    this.#events!.onBytes(readBuffer, length);
    readBuffer.fill(SCRUBBED, 0, length); // whoever kept it sees it
  }

  /** Tells the sender that it may send so much more. Most never ask: it is noted there, unless something waits or goes wrong. */
  #credit(length: number): void {
    if (length === 0) return;
    const other = this.#other!;
    const atMs = other.#outbox.length === 0 ? this.#around.arrivalMs() : undefined;
    if (atMs !== undefined) {
      other.#credits.push({ atMs, length });
      return;
    }
    this.#around.transmit({
      link: this.#around.link,
      arrive: () => other.#onCredit(length),
      giveUp: () => other.fail("ETIMEDOUT"), // it never hears that its bytes arrived
    });
  }

  #onCredit(length: number): void {
    this.#outstandingBytes -= length;
    this.#flush();
  }

  /** Those that have arrived by now. */
  #takeCredits(): void {
    if (this.#credits.length === 0) return;
    const { nowMs } = this.#around.life;
    this.#credits = this.#credits.filter(({ atMs, length }) => {
      if (atMs > nowMs) return true;
      this.#outstandingBytes -= length;
      return false;
    });
  }

  /** Something waits for those under way. */
  #awaitCredits(): void {
    const credits = this.#credits;
    this.#credits = [];
    for (const { atMs, length } of credits) this.#around.plan(atMs, () => this.#onCredit(length));
  }

  #flush(): void {
    this.#takeCredits();
    if (this.#state === "closed" || this.#outbox.length === 0) return;
    while (this.#outbox.length > 0 && this.#outstandingBytes < WINDOW_BYTES) {
      const { bytes, copy } = this.#outbox.shift()!;
      assert(equalBytes(bytes, copy), "the bytes of a write changed before onDrain");
      this.#send(copy);
    }
    if (this.#outbox.length > 0) {
      this.#awaitCredits();
      return;
    }
    if (this.#state === "ending") this.#sendEnd();
    this.#around.life.plan(0, () => {
      if (this.#state !== "closed" && this.#outbox.length === 0) this.#events?.onDrain();
    });
  }

  #close(cause: Error | undefined): void {
    this.#state = "closed";
    this.#cause = cause;
    this.#outbox = [];
    this.#cancelLinger?.();
    this.#around.forget();
    if (this.#events !== undefined) this.#tellClose();
  }

  #tellClose(): void {
    this.#around.life.plan(0, () => {
      this.#around.trace?.(`${this.local} closed from ${this.peer}: ${this.#cause?.message ?? "in order"}`);
      this.#events!.onClose(this.#cause);
    });
  }
}
