/**
 * One decoded request: where its arguments lie in a buffer that belongs to somebody else.
 * Hot: one Request serves every connection of a server, so decoding allocates nothing.
 *
 *   bytes:  * 2 \r \n $ 3 \r \n G E T \r \n $ 1 \r \n k \r \n
 *                               ^     ^               ^ ^
 *                       starts[0]     ends[0] starts[1] ends[1]
 */
import { toText } from "../base/bytes.ts";

/** Offsets kept for the next request; the arrays of a request with more arguments are let go. */
const OFFSETS_KEPT = 1024;

/**
 * Filled by RequestDecoder. Valid until the next call of the decoder that filled it, and no longer than the
 * buffer that was fed: copy what an asynchronous command needs later.
 */
export class Request {
  bytes: Uint8Array = new Uint8Array(0);
  #words = new DataView(this.bytes.buffer);
  #wordsOf = this.bytes;

  /** `bytes`, to be read by words. */
  get words(): DataView {
    const { bytes } = this;
    if (this.#wordsOf !== bytes) {
      this.#wordsOf = bytes;
      this.#words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    return this.#words;
  }

  /** The name of the command counts as argument 0. */
  argCount = 0;
  /** Argument i is `bytes[starts[i], ends[i])`. Entries from `argCount` on mean nothing. */
  starts: number[] = [];
  ends: number[] = [];

  /** A fresh copy of argument i. Requires, as all below: i < argCount. */
  arg(i: number): Uint8Array {
    return this.bytes.slice(this.starts[i], this.ends[i]);
  }

  /** Argument i in place: valid no longer than the request itself. */
  view(i: number): Uint8Array {
    return this.bytes.subarray(this.starts[i], this.ends[i]);
  }

  /** Argument i as text; what is not UTF-8 becomes U+FFFD. */
  text(i: number): string {
    return toText(this.view(i));
  }

  /** Fresh copies of all arguments. */
  args(): Uint8Array[] {
    const copies: Uint8Array[] = [];
    for (let i = 0; i < this.argCount; i++) copies.push(this.arg(i));
    return copies;
  }

  /** Forgets the arguments, and the arrays too if a large request has grown them. */
  clear(): void {
    this.argCount = 0;
    if (this.starts.length <= OFFSETS_KEPT) return;
    this.starts = [];
    this.ends = [];
  }
}
