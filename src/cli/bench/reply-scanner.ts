/**
 * Counts replies in a stream of bytes, and looks no further than is needed to find their ends. RESP2 alone: what a
 * load generator gets that has not asked for another protocol. Hot: nothing is allocated but for errors.
 *
 *   + text \r\n   - error \r\n   : integer \r\n   $ length \r\n bytes \r\n   $-1\r\n   * count \r\n and that many replies
 */
import { toText } from "../../base/bytes.ts";

const CR = 0x0d;
const LF = 0x0a;
const MINUS = 0x2d;
const ZERO = 0x30;
const ERROR = 0x2d;
const BULK = 0x24;
const ARRAY = 0x2a;
const INTEGER = 0x3a;
const SIMPLE = 0x2b;
const CRLF_BYTES = 2;

/** What is expected next. */
const TYPE = 0;
const LINE = 1;
const PAYLOAD = 2;

export class ReplyScanner {
  errors = 0;
  /** Bulk strings that are null: what was asked for is not there. */
  misses = 0;
  /** Text of the first error, without its "-"; empty if there was none. */
  firstError = "";
  /** True if what came is no RESP2: nothing makes sense from there on. */
  isBroken = false;
  #expecting = TYPE;
  #type = 0;
  /** Number in the line being read. */
  #number = 0;
  #isNegative = false;
  #payloadLeft = 0;
  #errorText = "";
  /** Replies still to come of the aggregates being read, innermost last; empty at the top. */
  readonly #open: number[] = [];

  /** How many whole replies end in `bytes[0, length)`. */
  scan(bytes: Uint8Array, length: number): number {
    let replies = 0;
    let at = 0;
    while (at < length) {
      if (this.#expecting === PAYLOAD) {
        const skipped = Math.min(this.#payloadLeft, length - at);
        at += skipped;
        this.#payloadLeft -= skipped;
        if (this.#payloadLeft > 0) return replies;
        this.#expecting = TYPE;
        replies += this.#endOne();
        continue;
      }
      if (this.#expecting === TYPE) {
        if (!this.#begin(bytes[at++]!)) return replies;
      }
      at = this.#readLine(bytes, at, length);
      if (at > length) return replies; // the line goes on in the next bytes
      replies += this.#endLine();
    }
    return replies;
  }

  #begin(type: number): boolean {
    this.#type = type;
    this.#number = 0;
    this.#isNegative = false;
    this.#expecting = LINE;
    if (type === BULK || type === SIMPLE || type === INTEGER || type === ARRAY || type === ERROR) return true;
    this.isBroken = true;
    return false;
  }

  /** Where the line has ended; beyond `length` if it has not. */
  #readLine(bytes: Uint8Array, start: number, length: number): number {
    let at = start;
    if (this.#type === ERROR) return this.#readError(bytes, start, length);
    if (this.#type === BULK || this.#type === ARRAY) {
      let number = this.#number;
      for (; at < length; at++) {
        const byte = bytes[at]!;
        if (byte >= ZERO) number = 10 * number + byte - ZERO;
        else if (byte === MINUS) this.#isNegative = true;
        else if (byte === LF) break;
      }
      this.#number = number;
    } else {
      while (at < length && bytes[at] !== LF) at++;
    }
    return at < length ? at + 1 : length + 1;
  }

  #readError(bytes: Uint8Array, start: number, length: number): number {
    let at = start;
    while (at < length && bytes[at] !== LF) at++;
    const end = at > start && bytes[at - 1] === CR ? at - 1 : at;
    if (this.firstError === "") this.#errorText += toText(bytes.subarray(start, end));
    return at < length ? at + 1 : length + 1;
  }

  /** 1 if the line that has ended ends a whole reply. */
  #endLine(): number {
    this.#expecting = TYPE;
    const type = this.#type;
    if (type === BULK) {
      if (!this.#isNegative) {
        this.#payloadLeft = this.#number + CRLF_BYTES;
        this.#expecting = PAYLOAD;
        return 0;
      }
      if (this.#open.length === 0) this.misses++;
    } else if (type === ARRAY && !this.#isNegative && this.#number > 0) {
      this.#open.push(this.#number);
      return 0;
    } else if (type === ERROR) {
      this.errors++;
      if (this.firstError === "") this.firstError = this.#errorText;
      this.#errorText = "";
    }
    return this.#endOne();
  }

  #endOne(): number {
    const open = this.#open;
    while (open.length > 0) {
      const left = --open[open.length - 1]!;
      if (left > 0) return 0;
      open.pop();
    }
    return 1;
  }
}
