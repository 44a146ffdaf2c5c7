/**
 * The replies of a transaction, written as they are made: a reply that waits for those after it as bytes cannot hold
 * a value that the transaction has replaced since, and what they come to has a bound.
 */
import type { Reply, TaggedReply } from "../resp/reply.ts";
import { ReplyWriter } from "../resp/reply-writer.ts";
import { type Answer, CommandError, NO_REPLY } from "./command-shape.ts";
import { writeIfFits } from "./whole-or-nothing.ts";

/** Room for the header of the array, which is written last. */
const HEADER_BYTES_MAX = 32;
/** A value that GET answers in place, with what is around it. */
const SHORTCUT_BYTES_MAX = 128 * 1024;
/** More is not kept until the next transaction. */
const LENT_BYTES_MAX = 64 * 1024;

export class TransactionReplies {
  readonly #writer = new ReplyWriter();
  #bytesMax = 0;
  #count = 0;
  #isTooLong = false;

  /** Forgets what was there. The replies may come to `bytesMax`. */
  begin(bytesMax: number): void {
    this.#bytesMax = bytesMax;
    this.#writer.bytesMax = bytesMax - HEADER_BYTES_MAX;
    this.#writer.reset();
    this.#count = 0;
    this.#isTooLong = false;
  }

  /** True if there is room for any reply that a shortcut writes, but for those that see to it themselves. */
  get hasRoom(): boolean {
    return !this.#isTooLong && this.#writer.length + SHORTCUT_BYTES_MAX < this.#bytesMax;
  }

  /** To be written to directly: one reply, of which `noteWritten` tells. */
  writerFor(protocol: 2 | 3): ReplyWriter {
    this.#writer.protocol = protocol;
    return this.#writer;
  }

  noteWritten(): void {
    this.#count++;
  }

  add(answer: Answer, protocol: 2 | 3): void {
    if (answer === NO_REPLY || this.#isTooLong) return;
    this.#count++;
    this.#writer.protocol = protocol;
    if (writeIfFits(this.#writer, answer)) return;
    this.#isTooLong = true;
    this.#writer.reset();
  }

  /** One array of all replies; `isLent` if it is written before the next transaction begins, which spares a copy. Throws CommandError if they are too long: then none can be told. */
  finish(isLent: boolean): Reply {
    if (this.#isTooLong) {
      throw new CommandError(
        `OVERLOADED UNKNOWN the transaction was run, but its replies are longer than ${this.#bytesMax} bytes`,
      );
    }
    const writer = this.#writer;
    if (isLent && writer.length <= LENT_BYTES_MAX) return this.#all(writer.view());
    const items = writer.take();
    writer.reset();
    return this.#all(items);
  }

  #all(items: Uint8Array): TaggedReply {
    return { kind: "encodedArray", count: this.#count, items };
  }
}
