/**
 * Decodes the requests of one connection, in place and incrementally.
 * Source: RESP specification; Redis 7.0 (`processMultibulkBuffer`, `processInlineBuffer`), by behaviour.
 *
 *   request  = "*" count CRLF  count x ( "$" length CRLF bytes CRLF )   |   a line of words (inline-request.ts)
 *
 * Hot: one call of `next` per request; watched by bench/resp.ts. Whole requests in one fed buffer allocate nothing.
 *
 * Use, per network event:  feed(bytes, length);  while (next(request) ...) ...;  park().
 *
 * Invariant: what was parsed or searched is not again when more arrives: `#parsed` and `#scanned` say how far we are.
 * Invariant: memory follows what has arrived, never a length or a count that was announced.
 * As in Redis, what ends a line is "\r" and the byte after it, and the two bytes after an argument are not looked at.
 */

import { InputBuffer } from "../base/input-buffer.ts";
import { parseDecimal } from "./decimal.ts";
import { splitInline } from "./inline-request.ts";
import type { Request } from "./request.ts";

/** `request` holds the next request. */
export const REQUEST = 0;
/** All that was fed is decoded, up to a partial request at most. */
export const NEED_MORE = 1;
/** A request without arguments: to be skipped without a reply. */
export const EMPTY = 2;
/** The stream makes no sense from here on: reply with `error`, then close. Every later call says the same. */
export const PROTOCOL_ERROR = 3;
/** A request was skipped because an argument exceeds `valueBytesMax`: reply with an error, go on. */
export const TOO_LARGE = 4;

export type DecodeStatus =
  | typeof REQUEST
  | typeof NEED_MORE
  | typeof EMPTY
  | typeof PROTOCOL_ERROR
  | typeof TOO_LARGE;

/** Longest inline request, and longest line that announces a number. */
export const LINE_BYTES_MAX = 64 * 1024;
export const ARGUMENTS_MAX = 1024 * 1024;
/** Longest argument that a client may announce at all. */
export const BULK_BYTES_MAX = 512 * 1024 * 1024;
const UNAUTHENTICATED_ARGUMENTS_MAX = 10;
const UNAUTHENTICATED_BULK_BYTES_MAX = 16384;

const ASTERISK = 0x2a;
const DOLLAR = 0x24;
const CR = 0x0d;
const LF = 0x0a;
const DIGIT_ZERO = 0x30;
const CRLF_BYTES = 2;
const OFFSETS_BYTES = 16; // of one argument: two numbers in arrays
const HEADER_BYTES_EXPECTED = 256;
/** Lengths below zero are not lengths but outcomes of reading one. */
const UNKNOWN = -1;
const INVALID = -2;
const PLAIN_LENGTH_MAX = 99_999_999; // one digit more still fits a small integer

export interface RequestLimits {
  /** Longest argument that is kept. */
  readonly valueBytesMax: number;
  /** Most bytes kept of one request, its framing included. */
  readonly requestBytesMax: number;
}

export class RequestDecoder {
  /** While false, a request may have 10 arguments of 16 KiB at most. */
  authenticated = true;
  valueBytesMax: number;
  requestBytesMax: number;
  /** After PROTOCOL_ERROR: the text for the client, "Protocol error: ...", without a code. */
  error = "";
  /** After TOO_LARGE: which argument was the first too large one (0 is the name), and what length it announced. */
  tooLargeIndex = 0;
  tooLargeBytes = 0;

  readonly #input = new InputBuffer();
  #remaining = 0; // arguments still to come; 0 between requests
  #length = UNKNOWN; // of the argument being read, once its header is
  #parsed = 0; // bytes of the partial request that are parsed, counted from input.start
  #scanned = 0; // bytes after those that are known to hold no line end
  #lineEnd = 0; // position after the line that was read last
  #isBroken = false;
  #isSkipping = false; // inside a request that is too large; #length then counts bytes to skip
  #count = 0; // arguments of the partial request that are whole
  #starts: number[] = []; // where they lie in a buffer in which the request starts at #base
  #ends: number[] = [];
  #base = 0;

  constructor(limits: Partial<RequestLimits> = {}) {
    this.valueBytesMax = limits.valueBytesMax ?? 64 * 1024 * 1024;
    this.requestBytesMax = limits.requestBytesMax ?? 1024 * 1024 * 1024;
  }

  /** Bytes fed but not yet returned as requests. */
  get pendingBytes(): number {
    return this.#input.unreadBytes;
  }

  /** Memory this connection holds for them; 0 when idle. */
  get heldBytes(): number {
    const offsetsBytes = this.#remaining > 0 ? this.#count * OFFSETS_BYTES : 0;
    return this.#input.heldBytes + offsetsBytes;
  }

  /** Lends `bytes[0, length)` to the decoder until `park`. Requires: a `park` since the last feed. */
  feed(bytes: Uint8Array, length: number): void {
    if (!this.#isBroken) this.#input.feed(bytes, length);
  }

  /**
   * Gives the lent buffer back: what is not decoded is copied. Call at the end of every network event, decoded
   * to the end or not; `next` returns the requests that were left whenever it is called. Ends the last request.
   */
  park(): void {
    this.#input.park(this.#expectedBytes());
    if (this.#input.isParked || this.#starts.length === 0) return;
    this.#starts = [];
    this.#ends = [];
  }

  /** Forgets what is not decoded and holds no memory: for a connection that has closed. */
  release(): void {
    this.#input.clear();
    this.#remaining = 0;
    this.#isSkipping = false;
    this.#starts = [];
    this.#ends = [];
  }

  /** Decodes one request into `request`, which any number of decoders may share. */
  next(request: Request): DecodeStatus {
    for (;;) {
      if (this.#remaining === 0 && this.#input.isParked) this.#input.leave();
      const status = this.#remaining === 0 ? this.#begin(request) : this.#resume(request);
      if (status !== NEED_MORE || !this.#input.pull(this.#wantedBytes(), this.#expectedBytes()))
        return status;
    }
  }

  #begin(request: Request): DecodeStatus {
    const { bytes, start, end } = this.#input;
    if (start === end) return this.#isBroken ? PROTOCOL_ERROR : NEED_MORE;
    if (bytes[start] !== ASTERISK) return this.#readInline(request);
    let count = this.#readLength(bytes, start, end);
    if (count < 0 || count > UNAUTHENTICATED_ARGUMENTS_MAX) {
      count = this.#readCount(start);
      if (count === UNKNOWN) return NEED_MORE;
      if (count === INVALID) return PROTOCOL_ERROR;
      if (count === 0) {
        this.#input.start = this.#lineEnd;
        return EMPTY;
      }
    }
    request.clear();
    return this.#readArguments(request, this.#lineEnd, count, UNKNOWN);
  }

  #resume(request: Request): DecodeStatus {
    if (this.#isSkipping) return this.#skip();
    request.clear();
    if (this.#count > 0) this.#exchangeOffsets(request);
    request.argCount = this.#count;
    return this.#readArguments(request, this.#input.start + this.#parsed, this.#remaining, this.#length);
  }

  /** `length`: of the argument at `from` if its header is behind us, else UNKNOWN. */
  #readArguments(request: Request, from: number, argsToCome: number, knownLength: number): DecodeStatus {
    const { bytes, start, end } = this.#input;
    const { starts, ends } = request;
    const keptEnd = start + this.requestBytesMax;
    const lengthMax = Math.min(this.valueBytesMax, UNAUTHENTICATED_BULK_BYTES_MAX);
    let count = request.argCount;
    let remaining = argsToCome;
    let length = knownLength;
    let at = from;
    while (remaining > 0) {
      if (length < 0) {
        length = bytes[at] === DOLLAR ? this.#readLength(bytes, at, end) : UNKNOWN;
        if (length < 0 || length > lengthMax) length = this.#readBulkLength(at);
        if (length < 0) break;
        at = this.#lineEnd;
        if (length > this.valueBytesMax) return this.#beginSkip(count, remaining, length);
        if (at + length > keptEnd) length = this.#fail("too big request");
      }
      const argEnd = at + length;
      if (length < 0 || argEnd + CRLF_BYTES > end) break;
      starts[count] = at;
      ends[count] = argEnd;
      count++;
      remaining--;
      at = argEnd + CRLF_BYTES;
      length = UNKNOWN;
    }
    if (length === INVALID) return PROTOCOL_ERROR;
    request.bytes = bytes;
    request.argCount = count;
    this.#remaining = remaining;
    if (remaining === 0) {
      this.#input.start = at;
      return REQUEST;
    }
    this.#parsed = at - start;
    this.#length = length;
    this.#count = count;
    this.#base = start;
    if (count > 0) this.#exchangeOffsets(request);
    return NEED_MORE;
  }

  /**
   * The shared Request lends its arrays for a partial request, and gets them back, shifted to where the bytes
   * have moved since: at most twice per request, so a million arguments stay linear.
   */
  #exchangeOffsets(request: Request): void {
    const { starts, ends } = request;
    request.starts = this.#starts;
    request.ends = this.#ends;
    this.#starts = starts;
    this.#ends = ends;
    const shift = this.#input.start - this.#base;
    if (shift === 0) return;
    for (let i = 0; i < this.#count; i++) {
      request.starts[i]! += shift;
      request.ends[i]! += shift;
    }
  }

  #beginSkip(index: number, remaining: number, length: number): DecodeStatus {
    this.#refuse(index, length);
    this.#isSkipping = true;
    this.#remaining = remaining;
    this.#length = length + CRLF_BYTES;
    this.#count = 0;
    this.#parsed = 0;
    this.#input.start = this.#lineEnd;
    return this.#skip();
  }

  #refuse(index: number, length: number): void {
    this.tooLargeIndex = index;
    this.tooLargeBytes = length;
  }

  /** Passes over the rest of a request; nothing of it is kept. */
  #skip(): DecodeStatus {
    const input = this.#input;
    while (this.#remaining > 0) {
      if (this.#length < 0) {
        const length = this.#readBulkLength(input.start);
        if (length < 0) return length === INVALID ? PROTOCOL_ERROR : NEED_MORE;
        this.#length = length + CRLF_BYTES;
        input.start = this.#lineEnd;
      }
      const passed = Math.min(this.#length, input.end - input.start);
      input.start += passed;
      this.#length -= passed;
      if (this.#length > 0) return NEED_MORE;
      this.#length = UNKNOWN;
      this.#remaining--;
    }
    this.#isSkipping = false;
    return TOO_LARGE;
  }

  #readInline(request: Request): DecodeStatus {
    const input = this.#input;
    const { bytes, start } = input;
    const lineFeed = this.#find(LF, start, "too big inline request");
    if (lineFeed < 0) return lineFeed === INVALID ? PROTOCOL_ERROR : NEED_MORE;
    const lineEnd = lineFeed > start && bytes[lineFeed - 1] === CR ? lineFeed - 1 : lineFeed;
    input.start = lineFeed + 1;
    if (!splitInline(request, bytes, start, lineEnd)) {
      this.#fail("unbalanced quotes in request");
      return PROTOCOL_ERROR;
    }
    for (let i = 0; i < request.argCount; i++) {
      const length = request.ends[i]! - request.starts[i]!;
      if (length <= this.valueBytesMax) continue;
      this.#refuse(i, length);
      return TOO_LARGE;
    }
    return request.argCount === 0 ? EMPTY : REQUEST;
  }

  /** The length in the line at `at` if that is whole and plain, such as "$16\r\n"; else UNKNOWN, which proves nothing. */
  #readLength(bytes: Uint8Array, at: number, end: number): number {
    let i = at + 1;
    if (i >= end) return UNKNOWN;
    let length = bytes[i]! - DIGIT_ZERO;
    if (length < 1 || length > 9) return UNKNOWN;
    while (++i < end) {
      const digit = bytes[i]! - DIGIT_ZERO;
      if (digit < 0 || digit > 9) break;
      length = length * 10 + digit;
      if (length > PLAIN_LENGTH_MAX) return UNKNOWN;
    }
    if (i + 1 >= end || bytes[i] !== CR) return UNKNOWN;
    this.#lineEnd = i + CRLF_BYTES;
    this.#scanned = 0;
    return length;
  }

  /** The argument count in any line at `at`, 0 if negative; UNKNOWN if the line is not whole, INVALID after an error. */
  #readCount(at: number): number {
    const lineEnd = this.#findCrLf(at, "too big mbulk count string");
    if (lineEnd < 0) return lineEnd;
    const count = parseDecimal(this.#input.bytes, at + 1, lineEnd);
    if (count === undefined || count > ARGUMENTS_MAX) return this.#fail("invalid multibulk length");
    if (count > UNAUTHENTICATED_ARGUMENTS_MAX && !this.authenticated) {
      return this.#fail("unauthenticated multibulk length");
    }
    this.#lineEnd = lineEnd + CRLF_BYTES;
    return count > 0 ? Number(count) : 0;
  }

  /** The length in any line at `at`; UNKNOWN if the line is not whole, INVALID after an error. */
  #readBulkLength(at: number): number {
    const lineEnd = this.#findCrLf(at, "too big bulk count string");
    if (lineEnd < 0) return lineEnd;
    const { bytes } = this.#input;
    if (bytes[at] !== DOLLAR) return this.#fail(`expected '$', got '${String.fromCharCode(bytes[at]!)}'`);
    const length = parseDecimal(bytes, at + 1, lineEnd);
    if (typeof length !== "number" || length < 0 || length > BULK_BYTES_MAX) {
      return this.#fail("invalid bulk length");
    }
    if (length > UNAUTHENTICATED_BULK_BYTES_MAX && !this.authenticated) {
      return this.#fail("unauthenticated bulk length");
    }
    this.#lineEnd = lineEnd + CRLF_BYTES;
    return length;
  }

  #findCrLf(at: number, tooLong: string): number {
    const found = this.#find(CR, at, tooLong);
    if (found < 0 || found + 1 < this.#input.end) return found;
    this.#scanned = found - at;
    return UNKNOWN;
  }

  /** Where `byte` is first in the line at `at`: UNKNOWN if nowhere yet, INVALID if the line is too long for it. */
  #find(byte: number, at: number, tooLong: string): number {
    const { bytes, end } = this.#input;
    const stop = Math.min(end, at + LINE_BYTES_MAX + 1);
    for (let i = at + this.#scanned; i < stop; i++) {
      if (bytes[i] !== byte) continue;
      this.#scanned = 0;
      return i;
    }
    this.#scanned = stop - at;
    return stop < end || stop - at > LINE_BYTES_MAX ? this.#fail(tooLong) : UNKNOWN;
  }

  #fail(reason: string): number {
    this.error = `Protocol error: ${reason}`;
    this.#isBroken = true;
    this.release();
    return INVALID;
  }

  /** How much of the fed buffer a parked partial request can use: its current argument, and some more if more follow. */
  #wantedBytes(): number {
    const { start, end } = this.#input;
    const kept = end - start;
    const missing =
      this.#remaining === 0 || this.#length < 0 ? 0 : this.#length + CRLF_BYTES - (kept - this.#parsed);
    const isLast = this.#remaining === 1 && this.#length >= 0;
    return isLast ? missing : missing + Math.max(kept, HEADER_BYTES_EXPECTED);
  }

  /** How long the partial request will be if its last argument has been announced; else 0. */
  #expectedBytes(): number {
    if (this.#remaining !== 1 || this.#length < 0) return 0;
    return this.#parsed + this.#length + CRLF_BYTES;
  }
}
