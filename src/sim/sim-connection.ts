/**
 * One end of a simulated connection. Bytes travel as segments, each at its own time, but are taken in order;
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
import type { Transmission } from "./sim-links.ts";
import type { SimRandom } from "./sim-random.ts";
import { systemError } from "./system-error.ts";

const WINDOW_BYTES = 256 * 1024;
const LINGER_MS = 2_000;
/** How long a reader may be busy otherwise, so that what arrives meanwhile is delivered together. */
const BUSY_MS_MAX = 0.3;
const SCRUBBED = 0xdb;

/** What an end asks of the network around it. */
export interface Surroundings {
  readonly life: Life;
  readonly random: SimRandom;
  /** Shared by all connections of the process. */
  readonly readBuffer: Uint8Array;
  /** Carries something to the other end's host. */
  transmit(what: Pick<Transmission, "arrive" | "isRetried" | "giveUp">): void;
  /** True if a write shall not get out at once, though it could. */
  stalls(): boolean;
  trace(what: string, bytes?: Uint8Array): void;
  /** The end is closed for good. */
  forget(): void;
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
  #state: "open" | "ending" | "closed" = "open";
  #isPaused = false;
  #cause: Error | undefined;

  #outbox: Lent[] = [];
  #outstandingBytes = 0;
  #hasSentEnd = false;
  /** What is under way is not sent again. */
  #hasGivenUp = false;
  #cancelLinger: Cancel | undefined;

  #transit: (Uint8Array | "end")[] = [];
  readonly #inbox = new ByteQueue();
  #endArrived = false;
  #endTold = false;
  #deliveryPlanned = false;

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
    if (this.#outbox.length === 0 && this.#outstandingBytes < WINDOW_BYTES && !this.#around.stalls()) {
      this.#send(copy);
      return true;
    }
    this.#outbox.push({ bytes, copy });
    if (this.#outstandingBytes < WINDOW_BYTES) this.#around.life.after(0, () => this.#flush());
    return false;
  }

  pause(): void {
    if (this.#state === "open") this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#planDelivery();
  }

  end(): void {
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

  #put(segment: Uint8Array | "end"): void {
    const other = this.#other!;
    other.#transit.push(segment);
    this.#around.transmit({
      arrive: () => other.#arrive(),
      isRetried: () => !this.#hasGivenUp,
      giveUp: () => this.fail("ETIMEDOUT"),
    });
  }

  #reset(): void {
    const other = this.#other!;
    this.#around.transmit({ arrive: () => other.fail("ECONNRESET") });
  }

  /** The oldest segment under way is here. */
  #arrive(): void {
    const segment = this.#transit.shift();
    if (segment === undefined) return; // reset meanwhile
    if (this.#state === "closed") {
      if (segment !== "end") this.#reset();
    } else if (segment === "end") {
      this.#endArrived = true;
      if (this.#hasSentEnd) this.#close(undefined);
    } else if (this.#state === "ending") {
      this.#credit(segment.length);
    } else {
      this.#inbox.push(segment);
    }
    this.#planDelivery();
  }

  #planDelivery(): void {
    if (this.#deliveryPlanned || !this.#isDeliverable()) return;
    this.#deliveryPlanned = true;
    const { random, life } = this.#around;
    const busyMs = random.oneIn(2) ? 0 : random.between(0, BUSY_MS_MAX);
    life.after(busyMs, () => {
      this.#deliveryPlanned = false;
      if (this.#isDeliverable()) this.#deliver();
      this.#planDelivery();
    });
  }

  #isDeliverable(): boolean {
    if (this.#events === undefined || this.#state !== "open" || this.#isPaused) return false;
    return this.#inbox.length > 0 || (this.#endArrived && !this.#endTold);
  }

  #deliver(): void {
    if (this.#inbox.length === 0) {
      this.#endTold = true;
      this.#around.trace(`${this.local} end from ${this.peer}`);
      this.#events!.onEnd();
      return;
    }
    const { readBuffer, random } = this.#around;
    const available = Math.min(this.#inbox.length, readBuffer.length);
    const length = random.oneIn(2) ? available : 1 + random.below(available);
    this.#inbox.take(length, readBuffer);
    this.#around.trace(`${this.local} bytes from ${this.peer}`, readBuffer.subarray(0, length));
    this.#credit(length);
    this.#events!.onBytes(readBuffer, length);
    readBuffer.fill(SCRUBBED, 0, length); // whoever kept it sees it
  }

  /** Tells the sender that it may send so much more. */
  #credit(length: number): void {
    if (length === 0) return;
    const other = this.#other!;
    this.#around.transmit({
      arrive: () => other.#onCredit(length),
      giveUp: () => other.fail("ETIMEDOUT"), // it never hears that its bytes arrived
    });
  }

  #onCredit(length: number): void {
    this.#outstandingBytes -= length;
    this.#flush();
  }

  #flush(): void {
    if (this.#state === "closed" || this.#outbox.length === 0) return;
    while (this.#outbox.length > 0 && this.#outstandingBytes < WINDOW_BYTES) {
      const { bytes, copy } = this.#outbox.shift()!;
      assert(equalBytes(bytes, copy), "the bytes of a write changed before onDrain");
      this.#send(copy);
    }
    if (this.#outbox.length > 0) return;
    if (this.#state === "ending") this.#sendEnd();
    this.#around.life.after(0, () => {
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
    this.#around.life.after(0, () => {
      this.#around.trace(`${this.local} closed from ${this.peer}: ${this.#cause?.message ?? "in order"}`);
      this.#events!.onClose(this.#cause);
    });
  }
}
