/**
 * Bulk strings one after the other, as they will be sent: ten million keys take what they take in the reply, where
 * as many byte arrays would take ten times that.
 */
import type { TaggedReply } from "../resp/reply.ts";

const FIRST_BYTES = 1024;
const [DOLLAR, CR, LF, DIGIT_0] = [0x24, 0x0d, 0x0a, 0x30];

export class BulkList {
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;
  #count = 0;

  /** Of the reply so far. */
  get byteCount(): number {
    return this.#length;
  }

  /** Adds `source[start, end)`. */
  add(source: Uint8Array, start: number, end: number): void {
    const digits = `${end - start}`;
    const needed = this.#length + digits.length + (end - start) + 5;
    if (needed > this.#bytes.length) this.#grow(needed);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = DOLLAR;
    for (let i = 0; i < digits.length; i++) bytes[at++] = DIGIT_0 + Number(digits[i]);
    at = lineEnd(bytes, at);
    for (let i = start; i < end; i++) bytes[at++] = source[i]!;
    this.#length = lineEnd(bytes, at);
    this.#count++;
  }

  /** Requires: nothing is added any more. */
  reply(): TaggedReply {
    return { kind: "encodedArray", count: this.#count, items: this.#bytes.subarray(0, this.#length) };
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

function lineEnd(bytes: Uint8Array, at: number): number {
  bytes[at] = CR;
  bytes[at + 1] = LF;
  return at + 2;
}
