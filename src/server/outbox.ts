/**
 * Replies on their way out: those of every session that ran in one turn of the event loop, one after the other in one
 * buffer, sent together when the turn is over: one write per session. (A client that is written to while the others
 * are still being served wakes up for one reply and sleeps again; that costs both sides more than the request.)
 *
 * Invariant: a sender's replies leave in the order in which they were gathered, whichever of them have to wait for the
 * disk, and for how long.
 *
 * Hot: once per session and turn, without allocating but for a view per write; watched by `bench -- redis`.
 */
import { LatencyHistogram } from "../base/latency-histogram.ts";
import { ReplyWriter } from "../resp/reply-writer.ts";
import type { Clock } from "../runtime/runtime.ts";
import { errorForEach } from "./error-for-each.ts";

export interface Sender {
  /** Sends replies. False if the buffer is still needed when it returns. */
  send(replies: Uint8Array): boolean;
  /** Keeps the sender from running requests until `sendLate` or `failDurable`. */
  awaitDurable(): void;
  /** Sends replies that had to wait; the bytes are the sender's. */
  sendLate(replies: Uint8Array): void;
  /** The writes that the replies speak of may be lost, and there is no telling it in their place. */
  failDurable(cause: unknown): void;
}

/** Replies of one sender that wait. */
interface Part {
  readonly sender: Sender;
  readonly replies: Uint8Array;
}

/** Replies gathered beyond which they are sent although the turn goes on. */
export const GATHERED_BYTES_MAX = 256 * 1024;

export class Outbox {
  readonly writer = new ReplyWriter();
  readonly #clock: Pick<Clock, "defer" | "monotonicMs">;
  readonly #durable: () => Promise<void> | undefined;
  readonly #senders: (Sender | undefined)[] = [];
  /** Where each sender's replies end; they begin where those before them end. */
  readonly #ends: number[] = [];
  #count = 0;
  #end = 0;
  #isDue = false;
  /** How long replies have waited for the disk. */
  readonly waitTimes = new LatencyHistogram();
  /** Of senders with replies that wait: when the last of these may go. What they reply later goes behind. */
  readonly #late = new Map<Sender, Promise<unknown>>();
  readonly #whenDue = (): void => {
    this.#isDue = false;
    this.flush();
  };

  /** `durable` is asked before replies are sent: StorageEngine.durable. */
  constructor(clock: Pick<Clock, "defer" | "monotonicMs">, durable: () => Promise<void> | undefined) {
    this.#clock = clock;
    this.#durable = durable;
  }

  /** Bytes written by others than the sender whose turn it is. */
  get gatheredBytes(): number {
    return this.#end;
  }

  /** What was written since the last call is `sender`'s, to be sent at the end of the turn. True if there is any. */
  gather(sender: Sender): boolean {
    const { length } = this.writer;
    if (length === this.#end) return false;
    this.#senders[this.#count] = sender;
    this.#ends[this.#count++] = length;
    this.#end = length;
    if (length > GATHERED_BYTES_MAX) {
      this.flush();
    } else if (!this.#isDue) {
      this.#isDue = true;
      this.#clock.defer(this.#whenDue);
    }
    return true;
  }

  /** Sends what is gathered, once it is as durable as promised. Requires: nothing is written that is not gathered. */
  flush(): void {
    if (this.#count === 0) return;
    const durable = this.#durable();
    if (durable !== undefined || this.#late.size > 0) {
      this.#flushLate(durable);
      return;
    }
    const { writer } = this;
    const { bytes } = writer;
    let isKept = false;
    let start = 0;
    for (let i = 0; i < this.#count; i++) {
      const end = this.#ends[i]!;
      if (!this.#senders[i]!.send(bytes.subarray(start, end))) isKept = true;
      start = end;
    }
    this.#clear();
    if (isKept) writer.abandon();
    else writer.reset();
  }

  /** `durable` is undefined if only those wait whose earlier replies do. */
  #flushLate(durable: Promise<void> | undefined): void {
    const replies = this.writer.take();
    const parts: Part[] = [];
    for (let i = 0, start = 0; i < this.#count; i++) {
      parts.push({ sender: this.#senders[i]!, replies: replies.subarray(start, this.#ends[i]) });
      start = this.#ends[i]!;
    }
    this.#clear();
    const together: Part[] = [];
    for (const part of parts) {
      const { sender } = part;
      const before = this.#late.get(sender);
      if (before === undefined && durable === undefined) {
        sender.send(part.replies);
        continue;
      }
      const isFirst = before === undefined || before === durable;
      const ready = isFirst ? durable! : Promise.all([before, durable]);
      this.#late.set(sender, ready);
      sender.awaitDurable();
      if (isFirst) together.push(part);
      else this.#deliver([part], ready);
    }
    if (together.length > 0) this.#deliver(together, durable!);
  }

  #deliver(parts: readonly Part[], ready: Promise<unknown>): void {
    const startedMs = this.#clock.monotonicMs();
    const settle = (tell: (part: Part) => void): void => {
      for (const { sender } of parts) if (this.#late.get(sender) === ready) this.#late.delete(sender);
      this.waitTimes.record((this.#clock.monotonicMs() - startedMs) * 1000, parts.length);
      parts.forEach(tell);
    };
    ready.then(
      () => settle(({ sender, replies }) => sender.sendLate(replies)),
      (cause: unknown) => settle((part) => fail(part, cause)),
    );
  }

  #clear(): void {
    for (let i = 0; i < this.#count; i++) this.#senders[i] = undefined;
    this.#count = 0;
    this.#end = 0;
  }
}

function fail({ sender, replies }: Part, cause: unknown): void {
  const errors = errorForEach(replies, cause);
  if (errors === undefined) sender.failDurable(cause);
  else sender.sendLate(errors);
}
