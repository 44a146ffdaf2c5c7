/**
 * The calls that one transaction has queued: their requests, copied out of the buffer they came in, one after the
 * other into few buffers, and where their arguments lie there. So a call can be run as if its request had just come.
 *
 *   #buffers[i]                  ... S E T \r \n $ 1 \r \n k \r \n $ 1 \r \n v ...
 *   #starts, #ends[#firsts[i]...]    ^     ^               ^ ^               ^ ^
 *
 * Reused by one transaction after the other, as long as nobody may still have a view of what lies there.
 * Hot: no object is made for a call; watched by `bench -- transactions`.
 */
import { copyWords } from "../base/kept-views.ts";
import type { Request } from "../resp/request.ts";
import type { Call, CommandEntry } from "./command-table.ts";

const FIRST_BYTES = 512;
const BUFFER_BYTES_MAX = 8 * 1024;
/** A longer request has a buffer of its own. */
const SHARED_BYTES_MAX = 2 * 1024;
/** Up to here words beat `set`. */
const WORDS_BYTES_MAX = 128;
/** What a call and each of its arguments take besides their bytes. */
const CALL_BYTES = 32;
const ARGUMENT_BYTES = 16;
/** Of more arguments the arrays are not kept. */
const KEPT_MAX = 1024;

export class QueuedCalls<S = never> {
  #entries: CommandEntry<S>[] = [];
  #buffers: Uint8Array[] = [];
  #firsts: number[] = [0];
  #starts: number[] = [];
  #ends: number[] = [];
  #count = 0;
  #bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  #words: DataView = new DataView(this.#bytes.buffer);
  #end = 0;
  #bufferBytes = 0;
  #hasLent = false;

  get count(): number {
    return this.#count;
  }

  get heldBytes(): number {
    return this.#bufferBytes + this.#count * CALL_BYTES + this.#firsts[this.#count]! * ARGUMENT_BYTES;
  }

  entryAt(i: number): CommandEntry<S> {
    return this.#entries[i]!;
  }

  argCountAt(i: number): number {
    return this.#firsts[i + 1]! - this.#firsts[i]!;
  }

  /** Takes a request in. False, with nothing done, if its arguments do not lie one after the other. */
  add(entry: CommandEntry<S>, { bytes, words, starts, ends, argCount }: Request): boolean {
    const from = starts[0]!;
    const to = ends[argCount - 1]!;
    const first = this.#firsts[this.#count]!;
    for (let i = 0, at = from; i < argCount; at = ends[i++]!) if (starts[i]! < at) return false;
    const at = this.#reserve(to - from);
    if (to - from <= WORDS_BYTES_MAX) copyWords(words, from, to, this.#words, at);
    else this.#bytes.set(bytes.subarray(from, to), at);
    for (let i = 0; i < argCount; i++) {
      this.#starts[first + i] = starts[i]! - from + at;
      this.#ends[first + i] = ends[i]! - from + at;
    }
    this.#note(entry, argCount);
    return true;
  }

  /** As `add`, of arguments that may lie anywhere. */
  addCall({ entry, args }: Call<S>): void {
    const first = this.#firsts[this.#count]!;
    let at = this.#reserve(args.reduce((sum, { length }) => sum + length, 0));
    for (const [i, arg] of args.entries()) {
      this.#bytes.set(arg, at);
      this.#starts[first + i] = at;
      at += arg.length;
      this.#ends[first + i] = at;
    }
    this.#note(entry, args.length);
  }

  /** Makes `request` that of call number i. */
  into(i: number, request: Request): void {
    const first = this.#firsts[i]!;
    const argCount = this.#firsts[i + 1]! - first;
    request.bytes = this.#buffers[i]!;
    request.argCount = argCount;
    for (let j = 0; j < argCount; j++) {
      request.starts[j] = this.#starts[first + j]!;
      request.ends[j] = this.#ends[first + j]!;
    }
  }

  /** Call number i, for whoever wants its arguments one by one: they stay as they are. */
  at(i: number): Call<S> {
    this.#hasLent = true;
    const args: Uint8Array[] = [];
    const buffer = this.#buffers[i]!;
    for (let j = this.#firsts[i]!; j < this.#firsts[i + 1]!; j++) {
      args.push(buffer.subarray(this.#starts[j], this.#ends[j]));
    }
    return { entry: this.#entries[i]!, args };
  }

  /** Begins anew. */
  clear(): void {
    if (this.#hasLent || this.#bufferBytes > this.#bytes.length) {
      this.#use(new Uint8Array(FIRST_BYTES));
      this.#buffers = [];
    }
    if (this.#starts.length > KEPT_MAX) [this.#entries, this.#firsts] = [[], [0]];
    if (this.#starts.length > KEPT_MAX) [this.#starts, this.#ends] = [[], []];
    this.#count = 0;
    this.#end = 0;
    this.#bufferBytes = 0;
    this.#hasLent = false;
  }

  /** Where so many bytes may be written in `#bytes`. */
  #reserve(length: number): number {
    const isLong = length > SHARED_BYTES_MAX;
    if (isLong || this.#end + length > this.#bytes.length) {
      this.#use(new Uint8Array(isLong ? length : Math.min(4 * this.#bytes.length, BUFFER_BYTES_MAX)));
    }
    if (this.#end === 0) this.#bufferBytes += this.#bytes.length;
    const at = this.#end;
    this.#end += length;
    return at;
  }

  #use(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#words = new DataView(bytes.buffer);
    this.#end = 0;
  }

  #note(entry: CommandEntry<S>, argCount: number): void {
    const i = this.#count++;
    this.#entries[i] = entry;
    this.#buffers[i] = this.#bytes;
    this.#firsts[i + 1] = this.#firsts[i]! + argCount;
  }
}
